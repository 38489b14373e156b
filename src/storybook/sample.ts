/** Samples: cases with their pictures, as lines of a shard's samples.jsonl. */

import { type Case, TASKS, type Task } from './cases/case.ts';
import { questionsAbout } from './cases/understand.ts';
import type { Split } from './compose.ts';
import { type Picture, render, standBoxes } from './drawing/render.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { drawCase } from './tasks.ts';

/** One line of samples.jsonl. README.md describes its fields. */
export interface Sample {
  id: string;
  task: Task;
  /** Kind of case within the task, such as "recolour", "multiple_characters" or "count". */
  kind: string;
  instruction: string | null;
  refs: number[];
  target: number | null;
  question: string | null;
  answer: string | null;
  scene: Scene;
  mask: [number, number, number, number][] | null;
  /** Questions only: the box of each copy of each thing in the picture, in the order of `scene.things`. */
  boxes?: [number, number, number, number][];
  /** `critique_fix` only: the scene of the picture to be fixed. */
  shown?: Scene;
}

/** Share of each task in the mix. */
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

/**
 * The boxes of the changed things. Pixels outside of them are the same in both pictures.
 * @returns rectangles in pixels, `x1` and `y1` exclusive
 */
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

/** The sample of a case. @param refs @param target indices of its pictures in the shard */
export function sampleOf(
  { task, kind, instruction, question, answer, scene }: Case,
  id: string,
  refs: number[],
  target: number | null,
  mask: Sample['mask'],
): Sample {
  return { id, task, kind, instruction, refs, target, question, answer, scene, mask };
}

/**
 * Further questions about the picture of a case with one reference and no target, as samples that share the
 * picture.
 */
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

/**
 * A random case with its pictures.
 *
 * @param size side of the pictures in pixels
 * @param index number of the sample, for its id
 * @param firstPicture index of the first picture in the shard
 * @param weights shares of the tasks in `mix`
 * @param questions number of further questions about the picture of a case with one reference and no target
 * @returns the sample, the further questions, and the pictures as row-major RGB, references first
 * @example
 * const { sample, images } = drawSample('edit', new SteadyRandom(1), 'train', 128, 0, 0);
 * console.log(sample.instruction, images.length); // an instruction, 2
 */
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
