/** The page draws what the same job draws under Node: by pixels, from words and from a dropped picture. */

import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { openModel } from '../cli/models.ts';
import { askAboutPicture } from '../src/omnigen2/chat.ts';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { decodeImage } from '../src/omnigen2/images/decode.node.ts';
import type { RgbImage } from '../src/omnigen2/images/image.ts';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { DRAW_DEFAULTS, type DrawOptions } from '../src/omnigen2/pipeline.ts';
import { StudioPage, sample } from './studio-page.ts';

/** What both sides are asked for; the page's guidance is read from its form, so that its defaults are what is compared. */
const SEED = 11;
const SIZE = { width: 128, height: 128 };

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
  const reference = await decodeImage(await readFile(sample('house-in-snow')), 'house-in-snow');
  const { picture } = await drawWithReflection(
    model,
    options('Make it night.', [reference], steps, guidance),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});

test('the rounds of a picture that checks itself', async ({ page }, { project }) => {
  test.skip(
    project.name === 'webgpu',
    'the same words and decisions; on a software adapter they take minutes',
  );
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await page.getByLabel('Rounds at most').selectOption('3');
  const guidance = await studio.set({ steps: 6, seed: SEED });
  await studio.make('three red mushrooms in the snow at night');
  await studio.result();
  const { picture, rounds } = await drawWithReflection(
    model,
    options('three red mushrooms in the snow at night', [], 6, guidance),
    3,
    hooks,
  );
  await expect(studio.rounds).toHaveCount(rounds.length);
  for (const [i, { critique, decision }] of rounds.entries()) {
    const card = studio.rounds.nth(i);
    await expect(card).toContainText(critique);
    await expect(card).toHaveAttribute('data-decision', decision);
  }
  expectSamePixels(await saved(studio), picture);
});

test('the answer to a question', async ({ page }, { project }) => {
  test.skip(project.name === 'webgpu', 'the same words; on a software adapter they take minutes');
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.give('house-in-snow');
  const answer = await studio.ask('What is in the picture?');
  const shown = await decodeImage(await readFile(sample('house-in-snow')), 'house-in-snow');
  const { text } = await askAboutPicture(model, 'What is in the picture?', [shown], { maxNewTokens: 256 });
  expect(answer).toBe(text);
});

const hooks = { now: () => performance.now() };

function options(
  prompt: string,
  references: readonly RgbImage[],
  steps: number,
  guidance: { readonly textGuidance: number; readonly imageGuidance: number },
): DrawOptions {
  return { ...DRAW_DEFAULTS, ...SIZE, ...guidance, prompt, references, steps, seed: SEED };
}

async function saved(studio: StudioPage): Promise<RgbImage> {
  const [download] = await Promise.all([studio.page.waitForEvent('download'), studio.saveButton.click()]);
  return decodeImage(await readFile(await download.path()), 'the saved picture');
}

/** Two engines sum in another order, so a grey level may round the other way; more than two never. */
function expectSamePixels(got: RgbImage, want: RgbImage): void {
  expect([got.width, got.height]).toEqual([want.width, want.height]);
  let worst = 0;
  let sum = 0;
  for (let i = 0; i < want.data.length; i++) {
    const error = Math.abs(got.data[i] - want.data[i]);
    worst = Math.max(worst, error);
    sum += error;
  }
  test.info().annotations.push({ type: 'largest difference', description: `${worst} grey levels` });
  expect(worst).toBeLessThanOrEqual(2);
  expect(sum / want.data.length).toBeLessThan(0.1);
  // A picture, not one colour.
  expect(new Set(want.data).size).toBeGreaterThan(30);
}
