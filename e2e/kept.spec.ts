/** What a person made and was making comes back after a reload, a crash and in another tab. */

import { expect } from '@playwright/test';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { test } from './fixtures.ts';
import { beginSmall, expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';
import { StudioPage, sample } from './studio-page.ts';

const PROMPT = 'a red house in the snow';
/** A request that a first picture of few steps rarely shows as a whole. */
const UNCLEAR = 'three purple bears with yellow crowns and a kite';
const SIDE = 64;
const STEPS = 20;

test('a drawing goes on after a reload in the middle, and its picture is the same', async ({
  page,
  nodeModel,
}) => {
  const { studio, guidance } = await beginSmall(page, STEPS, SIDE);
  await studio.draw(PROMPT);
  await studio.stepPreviews.nth(6).waitFor();
  await page.reload();
  await expect(studio.prompt).toHaveValue(PROMPT);
  await studio.result();
  const note = page.getByRole('listitem').filter({ hasText: 'The drawing was interrupted' });
  await expect(note).toContainText(/went on after step ([1-9]|1\d)\. The page was closed or reloaded\./);
  const { picture } = await drawWithReflection(
    nodeModel,
    options(PROMPT, [], STEPS, guidance, SIDE),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});

test('pictures, answers, the queue and the form are there after a reload', async ({ page }) => {
  const { studio } = await beginSmall(page, 2, SIDE);
  await studio.draw(PROMPT);
  await studio.result();
  const before = await saved(studio);
  const answer = await studio.ask('What colour is the house?');
  await page
    .getByTestId('pick-pictures')
    .first()
    .setInputFiles([sample('blue-cat')]);
  await expect(studio.references).toHaveCount(1);
  await studio.prompt.fill('Make it night.');
  await page.reload();
  await studio.modelReady();
  await studio.result();
  expect(Buffer.compare((await saved(studio)).data, before.data)).toBe(0);
  await expect(page.getByText(answer).first()).toBeVisible();
  await expect(studio.prompt).toHaveValue('Make it night.');
  await expect(studio.references).toHaveCount(1);
});

test('a second tab shows what the first one has drawn, and they draw one after the other', async ({
  page,
  context,
}) => {
  const { studio } = await beginSmall(page, 2, SIDE);
  const other = new StudioPage(await context.newPage());
  await other.open();
  await other.modelReady();
  await studio.setSteps(40);
  await studio.draw(PROMPT);
  await studio.stepPreviews.first().waitFor();
  await other.checksItself.uncheck();
  await other.setStepsAndSeed({ steps: 2, side: SIDE, seed: SEED });
  await other.draw('a blue cat on the beach');
  await expect(other.page.getByText('Waiting: another tab draws')).toBeVisible();
  await studio.result();
  await other.result();
  const shown = other.page.getByRole('button', { name: `Show: ${PROMPT}` });
  await expect(shown).toBeVisible();
  await shown.click();
  expect(Buffer.compare((await saved(other)).data, (await saved(studio)).data)).toBe(0);
});

test('a loop goes on after a reload in its second round', async ({ page, nodeModel }) => {
  const { studio, guidance } = await beginSmall(page, 6, SIDE);
  await studio.checksItself.check();
  await studio.maxRounds.selectOption('3');
  await studio.draw(UNCLEAR);
  await expect(studio.rounds).toHaveCount(2, { timeout: 60_000 });
  await page.reload();
  await studio.result();
  const { picture, rounds } = await drawWithReflection(
    nodeModel,
    options(UNCLEAR, [], 6, guidance, SIDE),
    3,
    hooks,
  );
  await expect(studio.rounds).toHaveCount(rounds.length);
  expectSamePixels(await saved(studio), picture);
});

test('a full storage is said, and the picture stays', async ({ page }) => {
  const { studio } = await beginSmall(page, 2, SIDE);
  await page.evaluate(() => {
    // What a browser throws when its quota is used up.
    IDBObjectStore.prototype.add = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    };
  });
  await studio.draw(PROMPT);
  await studio.result();
  const notice = page.getByRole('status', { name: 'The browser could not keep a picture' });
  await expect(notice).toContainText('save it');
  await saved(studio);
});
