/** The questions that are asked: cases of the world whose combinations training never shows, the same in every run. */

import { PICTURE_SIDE } from '../../src/judge/classes.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import type { Case, Task } from '../../src/storybook/cases/case.ts';
import { CATEGORIES } from '../../src/storybook/cases/in-context.ts';
import { hashText, mix, SteadyRandom } from '../../src/storybook/random.ts';
import { render } from '../../src/storybook/drawing/render.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { drawCase } from '../../src/storybook/tasks.ts';

/** The first `n` held-out cases of a task, of the world's default mix, that are wanted; more of them begin with the same ones. */
export function heldoutCases(
  task: Task,
  seed: number,
  n: number,
  wanted: (found: Case) => boolean = () => true,
): Case[] {
  const out: Case[] = [];
  for (let i = 0; out.length < n; i++) {
    const found = drawCase(
      task,
      new SteadyRandom(mix(mix(seed, i), hashText(`benchmark ${task}`))),
      'heldout',
    );
    if (wanted(found)) out.push(found);
  }
  return out;
}

/** As many cases of each of OmniContext's categories, `n` in all or a few more. */
export function inContextCases(seed: number, n: number): Case[] {
  const each = Math.ceil(n / CATEGORIES.length);
  return CATEGORIES.flatMap(([category]) =>
    heldoutCases('incontext', seed, each, ({ kind }) => kind === category),
  );
}

/** A scene as the judge and the model see it. */
export function pictureOf(scene: Scene): RgbImage {
  const { size, rgb } = render(scene, PICTURE_SIDE);
  return { width: size, height: size, data: Uint8Array.from(rgb) };
}
