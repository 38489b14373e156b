/** A case with its pictures: the JSON line of the contract. */

import { type Case, TASKS, type Task } from './cases/case.ts';
import type { Split } from './compose.ts';
import type { Random } from './random.ts';
import { type Picture, render } from './render.ts';
import type { Scene } from './scene.ts';
import { drawCase } from './tasks.ts';

export interface Sample {
  id: string;
  task: Task;
  /** The kind of case within the task: "recolour", "multiple_characters", "count" … */
  kind: string;
  instruction: string | null;
  refs: number[];
  target: number | null;
  question: string | null;
  answer: string | null;
  scene: Scene;
  mask: [number, number, number, number][] | null;
}

export const WEIGHTS: Readonly<Record<string, number>> = {
  t2i: 0.3,
  edit: 0.24,
  incontext: 0.18,
  understand: 0.1,
  reflect: 0.08,
  critique_fix: 0.06,
  checklist: 0.02,
  chat: 0.02,
};

/** Rectangles that hold every pixel in which the pictures differ: the boxes of the changed things. */
export function differenceMask(
  before: Scene,
  after: Scene,
  a: Picture,
  b: Picture,
): [number, number, number, number][] {
  const out: [number, number, number, number][] = [];
  const same = (s: Scene['things'][number] | undefined, t: Scene['things'][number] | undefined) =>
    JSON.stringify(s) === JSON.stringify(t);
  const add = (box: Picture['boxes'][number] | undefined) => {
    if (box && box.x1 > box.x0 && box.y1 > box.y0) out.push([box.x0, box.y0, box.x1, box.y1]);
  };
  before.things.forEach((t, i) => {
    if (!after.things.some((u) => same(t, u))) add(a.boxes[i]);
  });
  after.things.forEach((t, i) => {
    if (!before.things.some((u) => same(t, u))) add(b.boxes[i]);
  });
  return out;
}

export function drawSample(
  task: Task | 'mix',
  random: Random,
  split: Split,
  size: number,
  index: number,
  firstPicture: number,
  weights: Readonly<Record<string, number>> = WEIGHTS,
): { sample: Sample; images: Uint8ClampedArray[] } {
  const chosen: Task =
    task === 'mix' ? random.weighted(TASKS.map((t) => [t, weights[t] ?? 0] as const)) : task;
  const c: Case = drawCase(chosen, random, split);
  const refs = c.refs.map((scene) => render(scene, size));
  const target = c.target ? render(c.target, size) : null;
  let mask: Sample['mask'] = null;
  if (c.mask === 'all') mask = [[0, 0, size, size]];
  if (c.mask === 'difference' && target && refs[0])
    mask = differenceMask(c.refs[0] as Scene, c.target as Scene, refs[0], target);
  const sample: Sample = {
    id: `${chosen}-${split}-${index}`,
    task: chosen,
    kind: c.kind,
    instruction: c.instruction,
    refs: refs.map((_, i) => firstPicture + i),
    target: target ? firstPicture + refs.length : null,
    question: c.question,
    answer: c.answer,
    scene: c.scene,
    mask,
  };
  return { sample, images: [...refs, ...(target ? [target] : [])].map((p) => p.rgb) };
}
