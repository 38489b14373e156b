/** The speed-up of several ways to draw with less work, and their cost in the judge's success rate. */

import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { Judge } from '../../src/judge/judge.ts';
import { judgeRequest } from '../../src/judge/request.ts';
import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { type DrawInput, draw } from '../../src/omnigen2/pipeline.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import { nodeRuntime } from '../../src/runtime/runtime.node.ts';
import { render } from '../../src/storybook/drawing/render.ts';
import { Random } from '../../src/storybook/random.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { drawCase } from '../../src/storybook/tasks.ts';
import { JUDGE, openModel } from '../models.ts';
import { fromWords } from './cases.ts';
import { figure, type Table } from './table.ts';

const FROM_WORDS = 24;
const EDITS = 12;
const SEED = 4000;

/** Variants, as changes of 20 Euler steps with guidance in every step. */
const VARIANTS: readonly { readonly name: string; readonly change: Partial<DrawInput> }[] = [
  { name: '20 Euler steps', change: {} },
  ...[0.05, 0.1, 0.2, 0.4].map((teaCacheThreshold) => ({
    name: `TeaCache, threshold ${teaCacheThreshold}`,
    change: { acceleration: 'teacache', teaCacheThreshold } as const,
  })),
  { name: 'TaylorSeer', change: { acceleration: 'taylorseer' } },
  { name: '14 Euler steps', change: { steps: 14 } },
  { name: '10 Euler steps', change: { steps: 10 } },
  { name: 'DPM-Solver++, 14 steps', change: { scheduler: 'dpmsolver++', steps: 14 } },
  { name: 'DPM-Solver++, 10 steps', change: { scheduler: 'dpmsolver++', steps: 10 } },
  { name: 'guidance in the first 60%', change: { guidanceRange: [0, 0.6] } },
  { name: 'guidance in the first 30%', change: { guidanceRange: [0, 0.3] } },
];

/** A picture to draw and the scene that it should show. */
interface JudgedCase {
  readonly options: DrawInput;
  readonly wanted: Scene;
}

/** The result of one variant on one case. */
interface Drawn {
  readonly ms: number;
  /** Share of the checks that the judge confirms. */
  readonly right: number;
  readonly image: RgbImage;
}

export async function accelerationsTable(): Promise<Table> {
  const cases = [...someCases('t2i', FROM_WORDS), ...someCases('edit', EDITS)];
  const model = await openModel('storybook');
  const runtime = nodeRuntime();
  const judge = await Judge.open(runtime, nodeFolder(JUDGE));
  try {
    const drawn: Drawn[][] = VARIANTS.map(() => []);
    for (const group of [cases.slice(0, FROM_WORDS), cases.slice(FROM_WORDS)]) {
      for (const [variant, { change }] of VARIANTS.entries()) {
        // Warm-up: the first drawing of a variant opens its graphs.
        await draw(model, { ...group[0].options, ...change });
        for (const { options, wanted } of group)
          drawn[variant].push(await drawOne(model, judge, { ...options, ...change }, wanted));
      }
    }
    const [base] = drawn;
    return {
      title: 'Drawing with less work',
      method:
        `The built-in model under Node, 128 x 128: ${FROM_WORDS} pictures from words and ${EDITS} edits from the world that it was trained on, each with one thing. ` +
        'Speed-up: ratio of the total times in this run. ' +
        "Success: share of a request's checks that the judge (docs/reference/judge.md) confirms. " +
        'Change: mean difference of success to 20 Euler steps on the same cases, with a 95% interval. ' +
        'Equal: whether that interval includes zero or a gain. Difference: mean distance to the picture of 20 Euler steps.',
      columns: ['variant', 'a picture', 'speed-up', 'success', 'change', 'equal', 'difference, grey levels'],
      rows: drawn.map((variant, i) => {
        const change = variant.map(({ right }, k) => right - base[k].right);
        const spread = 1.96 * Math.sqrt(variance(change) / change.length);
        return [
          VARIANTS[i].name,
          `${figure(sum(variant, ({ ms }) => ms) / variant.length)} ms`,
          `${figure(sum(base, ({ ms }) => ms) / sum(variant, ({ ms }) => ms))} x`,
          percent(sum(variant, ({ right }) => right) / variant.length),
          i === 0 ? '' : `${percent(sum(change, (x) => x) / change.length)} ± ${percent(spread)}`,
          i === 0 ? '' : sum(change, (x) => x) / change.length + spread >= 0 ? 'yes' : 'no',
          i === 0
            ? ''
            : figure(sum(variant, ({ image }, k) => distance(image, base[k].image)) / variant.length),
        ];
      }),
    };
  } finally {
    await model.dispose();
    await judge.dispose();
    await runtime.dispose();
  }
}

async function drawOne(
  model: OmniGen2Model,
  judge: Judge,
  options: DrawInput,
  wanted: Scene,
): Promise<Drawn> {
  const start = performance.now();
  const { image } = await draw(model, options);
  const ms = performance.now() - start;
  const { right, total } = await judgeRequest(judge, image, wanted);
  return { ms, right: right / total, image };
}

/** Cases with exactly one thing in every scene. */
function someCases(task: 't2i' | 'edit', count: number): JudgedCase[] {
  const found: JudgedCase[] = [];
  for (let seed = SEED; found.length < count; seed++) {
    const { instruction, refs, target } = drawCase(task, new Random(seed), 'train');
    if (instruction === null || !target || [...refs, target].some(({ things }) => things.length !== 1))
      continue;
    const references = refs.map((scene) => ({
      width: 128,
      height: 128,
      data: Uint8Array.from(render(scene, 128).rgb),
    }));
    found.push({ options: { ...fromWords(instruction), references, seed }, wanted: target });
  }
  return found;
}

function distance(a: RgbImage, b: RgbImage): number {
  return a.data.reduce((total, value, i) => total + Math.abs(value - b.data[i]), 0) / a.data.length;
}

function variance(values: readonly number[]): number {
  const mean = sum(values, (x) => x) / values.length;
  return sum(values, (x) => (x - mean) ** 2) / (values.length - 1);
}

function sum<T>(items: readonly T[], of: (item: T, index: number) => number): number {
  return items.reduce((total, item, i) => total + of(item, i), 0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
