/** The page draws what the same job draws under Node: by pixels, from words and from a dropped picture. */

import { test } from '@playwright/test';
import { openModel } from '../cli/models.ts';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { decodedSample, expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';
import { StudioPage } from './studio-page.ts';

let model: OmniGen2Model;

test.beforeAll(async () => {
  model = await openModel('storybook');
});

test.afterAll(() => model.dispose());

test('from words, a picture', async ({ page }, { project }) => {
  const steps = project.name === 'webgpu' ? 2 : 6;
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  const guidance = await studio.set({ steps, seed: SEED });
  await studio.make('a red house in the snow');
  await studio.result();
  const { picture } = await drawWithReflection(
    model,
    options('a red house in the snow', [], steps, guidance),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});

test('a picture that is dropped on the page, edited', async ({ page }, { project }) => {
  const steps = project.name === 'webgpu' ? 2 : 6;
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.drop('house-in-snow');
  const guidance = await studio.set({ steps, seed: SEED });
  await studio.make('Make it night.');
  await studio.result();
  const reference = await decodedSample('house-in-snow');
  const { picture } = await drawWithReflection(
    model,
    options('Make it night.', [reference], steps, guidance),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});
