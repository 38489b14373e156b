/** The cases of the benchmark: held-out cases of the world, the same in every run. */

import { PICTURE_SIDE } from '../../src/judge/classes.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import type { Case, Task } from '../../src/storybook/cases/case.ts';
import { CATEGORIES } from '../../src/storybook/cases/in-context.ts';
import { render } from '../../src/storybook/drawing/render.ts';
import { hashText, mix, SteadyRandom } from '../../src/storybook/random.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { drawCase } from '../../src/storybook/tasks.ts';

/**
 * The first `n` held-out cases of a task from the default mix. A larger `n` begins with the same cases.
 * @param wanted selects the cases that count
 */
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

/** The same number of cases of each OmniContext category, `n` in all, rounded up. */
export function inContextCases(seed: number, n: number): Case[] {
  const each = Math.ceil(n / CATEGORIES.length);
  return CATEGORIES.flatMap(([category]) =>
    heldoutCases('incontext', seed, each, ({ kind }) => kind === category),
  );
}

/** The picture of a scene, in the size that judge and model take. */
export function pictureOf(scene: Scene): RgbImage {
  const { size, rgb } = render(scene, PICTURE_SIDE);
  return { width: size, height: size, data: Uint8Array.from(rgb) };
}
