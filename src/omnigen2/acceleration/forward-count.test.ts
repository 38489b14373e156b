/** The count of forward passes, and that the pipeline runs as many. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RgbImage } from '../../pictures/image.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import { DEFAULT_SETTINGS, LARGE_MODEL_SETTINGS } from '../../settings/draw-settings.ts';
import { fixtureCheckpoint, settingsFor } from '../fixtures.node.ts';
import { loadTokenizer } from '../language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../model.ts';
import { draw } from '../pipeline.ts';
import { forwardCount } from './forward-count.ts';

const watched = watchedRuntime();
let model: OmniGen2Model;
beforeAll(async () => {
  model = new OmniGen2Model(await fixtureCheckpoint(), watched.runtime, loadTokenizer);
});
afterAll(() => model.dispose());

const REFERENCE: RgbImage = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(90) };
const OFFICIAL = { ...DEFAULT_SETTINGS, steps: 50, guidanceRange: [0, 1] } as const;
const LARGE = { ...DEFAULT_SETTINGS, ...LARGE_MODEL_SETTINGS };

test.each([
  ['the settings of the official program', OFFICIAL, 0, { full: 100, all: 100 }],
  ['the same with a reference', OFFICIAL, 1, { full: 150, all: 150 }],
  ['the settings of large models', LARGE, 0, { full: 17, all: 33 }],
  ['the same with a reference', LARGE, 1, { full: 24, all: 46 }],
  ['no guidance', { ...OFFICIAL, textGuidance: 1 }, 1, { full: 50, all: 50 }],
])('%s: counted passes', (_, settings, references, expected) => {
  expect(forwardCount(settings, references)).toEqual(expected);
});

test.each([
  ['from words', []],
  ['with a reference', [REFERENCE]],
])('the pipeline runs as many full passes as were counted: %s', async (_, references) => {
  const settings = { ...LARGE, textGuidance: 3, imageGuidance: 2 };
  watched.runs.length = 0;
  await draw(model, {
    ...settingsFor({ width: 32, height: 32 }),
    ...settings,
    prompt: 'A dog running in the park',
    references,
    seed: 3,
  });
  // The name ends with the number of branches that ran together.
  const branches = watched.runs.flatMap((name) => /^transformer\.layers\..*\.(\d)$/.exec(name)?.[1] ?? []);
  const run = branches.reduce((sum, count) => sum + Number(count), 0);
  expect(run).toBe(forwardCount(settings, references.length).full);
});
