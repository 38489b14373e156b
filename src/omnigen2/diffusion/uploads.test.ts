/** Contexts, rotary angles and reference patches go to the device once per drawing. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RgbImage } from '../../pictures/image.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import { fixtureCheckpoint, settingsFor } from '../fixtures.node.ts';
import { loadTokenizer } from '../language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../model.ts';
import { draw } from '../pipeline.ts';

const watched = watchedRuntime();
let model: OmniGen2Model;
beforeAll(async () => {
  model = new OmniGen2Model(await fixtureCheckpoint(), watched.runtime, loadTokenizer);
});
afterAll(() => model.dispose());

const REFERENCE: RgbImage = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(90) };

test.each(['none', 'taylorseer'] as const)('with acceleration %s', async (acceleration) => {
  const uploads: number[] = [];
  for (const steps of [2, 4]) {
    watched.runs.length = 0;
    await draw(model, {
      ...settingsFor({ width: 32, height: 32 }),
      ...{ prompt: 'A dog running in the park', references: [REFERENCE] },
      ...{ steps, acceleration, seed: 1 },
    });
    uploads.push(watched.runs.filter((name) => name === 'stream.upload').length);
    expect(watched.alive.size).toBe(0);
  }
  // Two contexts, the patches of the reference, and cosines and sines of the reference, of the noise rows and
  // of all rows together.
  expect(uploads).toEqual([9, 9]);
});
