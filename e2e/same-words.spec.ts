/** The page says what the same job says under Node: critiques and outcomes of each round, and answers. */

import { expect, test } from '@playwright/test';
import { openModel } from '../cli/models.ts';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { ask } from '../src/omnigen2/language/ask.ts';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { decodedSample, expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';
import { StudioPage } from './studio-page.ts';

let model: OmniGen2Model;

test.beforeAll(async () => {
  model = await openModel('storybook');
});

test.afterAll(() => model.dispose());

test('the rounds of a picture that checks itself', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.check();
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
  for (const [i, { critique, outcome }] of rounds.entries()) {
    const card = studio.rounds.nth(i);
    await expect(card).toContainText(critique);
    await expect(card).toHaveAttribute('data-outcome', outcome);
  }
  expectSamePixels(await saved(studio), picture);
});

test('the answer to a question', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.give('house-in-snow');
  const answer = await studio.ask('What is in the picture?');
  const shown = await decodedSample('house-in-snow');
  const { text } = await ask(model, 'What is in the picture?', [shown], { maxNewTokens: 256 });
  expect(answer).toBe(text);
});
