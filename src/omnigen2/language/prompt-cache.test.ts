import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCheckpoint, mllmSource } from '../fixtures.node.ts';
import { uniform } from '../random.ts';
import { Mllm } from './mllm.ts';
import { PromptCache } from './prompt-cache.ts';
import { imageTokenCount } from './rope-positions.ts';
import type { PromptImage } from './vision-patches.ts';

const mllm = await Mllm.open(nodeRuntime({ threads: 1 }), mllmSource(await fixtureCheckpoint()));
afterAll(() => mllm.dispose());
const { vision, imageTokenId, language } = mllm.config;
const H = language.hiddenSize;

const next = uniform(1, 'latents');
/** Three pictures, two of the same size. */
const PICTURES: readonly PromptImage[] = [
  { rows: 4, columns: 4 },
  { rows: 4, columns: 4 },
  { rows: 2, columns: 6 },
].map((grid) => {
  const rowSize = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
  const count = grid.rows * grid.columns * rowSize;
  return { grid, patches: Float32Array.from({ length: count }, () => 2 * next() - 1) };
});

/** A prompt of tokens (numbers from 10) and pictures (0, 1, 2). */
function prompt(parts: readonly number[]) {
  const images = parts.filter((part) => part < 3).map((part) => PICTURES[part]);
  const cells = (part: number) => imageTokenCount(PICTURES[part].grid, vision);
  const ids = parts.flatMap((part) => (part < 3 ? Array<number>(cells(part)).fill(imageTokenId) : [part]));
  return { ids, images };
}

/**
 * Prefills prompts one after another, compares each with a prefill without cache, and returns the cached
 * tokens.
 */
async function prefillAll(prompts: readonly (readonly number[])[]): Promise<number[]> {
  const cache = new PromptCache(mllm);
  const cached: number[] = [];
  for (const parts of prompts) {
    const { ids, images } = prompt(parts);
    const got = await cache.prefill(ids, images);
    const want = (await mllm.hiddenStates(ids, images)).subarray(got.cached * H);
    expect(got.hidden.length).toBe(want.length);
    expect(Math.max(...got.hidden.map((value, i) => Math.abs(value - want[i])))).toBeLessThan(1e-4);
    expect(cache.length).toBe(ids.length);
    cached.push(got.cached);
  }
  cache.clear();
  return cached;
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
    'a shorter one, with its last token prefilled again',
    [
      [10, 11, 12, 13],
      [10, 11],
    ],
    [0, 1],
  ],
  [
    'another ending',
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
    'a picture at the end',
    [
      [10, 0, 11],
      [10, 0],
    ],
    [0, 1],
  ],
  [
    'one without the picture',
    [
      [10, 0, 11],
      [10, 11],
    ],
    [0, 1],
  ],
  [
    'one with a new picture',
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
    'the same prompt',
    [
      [10, 2, 11],
      [10, 2, 11],
    ],
    [0, 4],
  ],
])('after a prompt, %s', async (_, prompts, cached) => {
  expect(await prefillAll(prompts)).toEqual(cached);
});

test('any sequence of prompts has the hidden states of prefills without cache', async () => {
  const part = fc.constantFrom(0, 1, 2, 10, 11, 12);
  const parts = fc.array(part, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { minLength: 2, maxLength: 4 }), async (prompts) => {
      await prefillAll(prompts);
    }),
    { numRuns: 25, seed: 5 },
  );
}, 60_000);

test('the common prefix is still cached after an abort', async () => {
  const cache = new PromptCache(mllm);
  const before = prompt([10, 11, 0, 12]);
  await cache.prefill(before.ids, before.images);
  const after = prompt([10, 11, 0, 13, 1]);
  await expect(cache.prefill(after.ids, after.images, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
  const { cached } = await cache.prefill([...after.ids, 14], after.images);
  expect(cached).toBe(6);
  cache.clear();
});
