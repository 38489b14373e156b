import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCheckpoint, mllmSource } from '../fixtures.node.ts';
import { CPU_NUMERICS } from '../graphs/layers.ts';
import { uniform } from '../random.ts';
import { Mllm, type PromptImage } from './mllm.ts';
import { PromptCache } from './prompt-cache.ts';
import { imageTokenCount } from './rope-positions.ts';

const mllm = await Mllm.open(
  nodeRuntime({ threads: 1 }),
  mllmSource(await fixtureCheckpoint()),
  CPU_NUMERICS,
);
afterAll(() => mllm.dispose());
const { vision, imageTokenId, language } = mllm.config;
const H = language.hiddenSize;

const next = uniform(1, 'latents');
/** Three pictures, two of them of one size. */
const PICTURES: readonly PromptImage[] = [
  { rows: 4, columns: 4 },
  { rows: 4, columns: 4 },
  { rows: 2, columns: 6 },
].map((grid) => {
  const rowSize = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
  const count = grid.rows * grid.columns * rowSize;
  return { grid, patches: Float32Array.from({ length: count }, () => 2 * next() - 1) };
});

/** A prompt of words (numbers from 10) and pictures (0, 1, 2). */
function prompt(parts: readonly number[]) {
  const images = parts.filter((part) => part < 3).map((part) => PICTURES[part]);
  const cells = (part: number) => imageTokenCount(PICTURES[part].grid, vision);
  const ids = parts.flatMap((part) => (part < 3 ? Array<number>(cells(part)).fill(imageTokenId) : [part]));
  return { ids, images };
}

/** Reads prompts one after another, each as a whole beside it, and gives how many tokens were known. */
async function follow(prompts: readonly (readonly number[])[]): Promise<number[]> {
  const cache = new PromptCache(mllm);
  const known: number[] = [];
  for (const parts of prompts) {
    const { ids, images } = prompt(parts);
    const got = await cache.read(ids, images);
    const want = (await mllm.hiddenStates(ids, images)).subarray(got.known * H);
    expect(got.hidden.length).toBe(want.length);
    expect(Math.max(...got.hidden.map((value, i) => Math.abs(value - want[i])))).toBeLessThan(1e-4);
    expect(cache.length).toBe(ids.length);
    known.push(got.known);
  }
  cache.clear();
  return known;
}

test.each<[string, readonly (readonly number[])[], readonly number[]]>([
  [
    'a longer prompt',
    [
      [10, 11],
      [10, 11, 12, 13],
    ],
    [0, 2],
  ],
  [
    'a shorter one, whose last token is read again',
    [
      [10, 11, 12, 13],
      [10, 11],
    ],
    [0, 1],
  ],
  [
    'another end',
    [
      [10, 0, 11, 12],
      [10, 0, 13, 14],
    ],
    [0, 5],
  ],
  [
    'another picture of the same size',
    [
      [10, 0, 11],
      [10, 1, 11],
    ],
    [0, 1],
  ],
  [
    'a picture that ends the prompt, and would have to be read again',
    [
      [10, 0, 11],
      [10, 0],
    ],
    [0, 1],
  ],
  [
    'no picture any more',
    [
      [10, 0, 11],
      [10, 11],
    ],
    [0, 1],
  ],
  [
    'a picture for the first time',
    [
      [10, 11],
      [10, 0, 11],
    ],
    [0, 1],
  ],
  [
    'another beginning',
    [
      [10, 11],
      [12, 11],
    ],
    [0, 0],
  ],
  [
    'the same once more',
    [
      [10, 2, 11],
      [10, 2, 11],
    ],
    [0, 4],
  ],
])('after a prompt, %s', async (_, prompts, known) => {
  expect(await follow(prompts)).toEqual(known);
});

test('any prompts one after another are read as if each were the first', async () => {
  const part = fc.constantFrom(0, 1, 2, 10, 11, 12);
  const parts = fc.array(part, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { minLength: 2, maxLength: 4 }), async (prompts) => {
      await follow(prompts);
    }),
    { numRuns: 25, seed: 5 },
  );
}, 60_000);

test('after an abort the common beginning is still known', async () => {
  const cache = new PromptCache(mllm);
  const before = prompt([10, 11, 0, 12]);
  await cache.read(before.ids, before.images);
  const after = prompt([10, 11, 0, 13, 1]);
  await expect(cache.read(after.ids, after.images, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
  const { known } = await cache.read([...after.ids, 14], after.images);
  expect(known).toBe(6);
  cache.clear();
});
