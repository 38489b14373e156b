/** A case with its pictures: a line of a shard's samples.jsonl. */

import { type Case, TASKS, type Task } from './cases/case.ts';
import { questionsAbout } from './cases/understand.ts';
import type { Split } from './compose.ts';
import { type Picture, render, standBoxes } from './drawing/render.ts';
import type { Random } from './random.ts';
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
  /** Questions only: what each copy of each thing in the picture covers, in the order of `scene.things`. */
  boxes?: [number, number, number, number][];
  /** `critique_fix` only: what the picture shows that is to be mended. */
  shown?: Scene;
}

export const TASK_WEIGHTS: Readonly<Record<string, number>> = {
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

/** The line of a case whose pictures have these numbers. */
export function sampleOf(
  { task, kind, instruction, question, answer, scene }: Case,
  id: string,
  refs: number[],
  target: number | null,
  mask: Sample['mask'],
): Sample {
  return { id, task, kind, instruction, refs, target, question, answer, scene, mask };
}

/** More questions about the picture of a case that only gives one: as samples that share its picture. */
function questionSamples(
  random: Random,
  split: Split,
  c: Case,
  count: number,
  index: number,
  picture: number,
  size: number,
): Sample[] {
  const shown = c.refs[0];
  if (!shown || c.refs.length !== 1 || c.target || count === 0) return [];
  const boxes = standBoxes(shown, size)
    .flat()
    .map((b): [number, number, number, number] => [b.x0, b.y0, b.x1, b.y1]);
  return questionsAbout(random, shown, count).map((question, i) => ({
    ...sampleOf(question, `understand-${split}-${index}-${i}`, [picture], null, null),
    boxes,
  }));
}

/** One case with its pictures; `questions` more samples ask about the picture of a case that gives one and wants none. */
export function drawSample(
  task: Task | 'mix',
  random: Random,
  split: Split,
  size: number,
  index: number,
  firstPicture: number,
  weights: Readonly<Record<string, number>> = TASK_WEIGHTS,
  questions = 0,
): { sample: Sample; more: Sample[]; images: Uint8ClampedArray[] } {
  const chosen: Task =
    task === 'mix' ? random.weighted(TASKS.map((t) => [t, weights[t] ?? 0] as const)) : task;
  const c: Case = drawCase(chosen, random, split);
  const refs = c.refs.map((scene) => render(scene, size));
  const target = c.target ? render(c.target, size) : null;
  let mask: Sample['mask'] = null;
  if (c.mask === 'all') mask = [[0, 0, size, size]];
  if (c.mask === 'difference' && target && refs[0])
    mask = differenceMask(c.refs[0] as Scene, c.target as Scene, refs[0], target);
  const sample = sampleOf(
    c,
    `${chosen}-${split}-${index}`,
    refs.map((_, i) => firstPicture + i),
    target ? firstPicture + refs.length : null,
    mask,
  );
  if (chosen === 'critique_fix') sample.shown = c.refs[0];
  const more = questionSamples(random, split, c, questions, index, firstPicture, size);
  return { sample, more, images: [...refs, ...(target ? [target] : [])].map((p) => p.rgb) };
}
