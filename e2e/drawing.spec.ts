/**
 * From a prompt to a picture with the built-in model, in the real worker. Few steps, because tests run on the
 * CPU.
 */

import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { test } from './fixtures.ts';
import { saved } from './node-side.ts';
import { sample } from './studio-page.ts';

test('a picture appears step by step and is saved as it was drawn', async ({ studio }) => {
  const { page } = studio;
  await studio.setSteps(4);
  await studio.draw('a yellow ball on the beach');
  await expect(page.locator('.step')).toHaveText(/^Step [1-4] of 4/, { timeout: 120_000 });
  await expect(page.getByRole('img', { name: /^Unfinished picture, step \d of 4/ })).toBeVisible();
  const result = await studio.result();
  await expect(result).toHaveAttribute('data-size', '128x128');
  await expect(
    page.getByText(/^Drawn in [\d.]+\s(s|min)\. Custom settings, 4 steps, 128 × 128, seed/),
  ).toBeVisible();

  const [download] = await Promise.all([page.waitForEvent('download'), studio.saveButton.click()]);
  expect(download.suggestedFilename()).toMatch(/^a-yellow-ball-on-the-beach-\d+\.png$/);
  const png = decode(readFileSync(await download.path()));
  expect([png.width, png.height]).toEqual([128, 128]);
  expect(new Set(png.data).size).toBeGreaterThan(50);

  await studio.stepPreviews.last().focus();
  await page.keyboard.press('Home');
  await expect(page.getByRole('img', { name: /^Unfinished picture, step 1 of 4/ })).toBeVisible();
  await page.keyboard.press('End');
  await expect(result).toBeVisible();

  await page.getByRole('button', { name: 'Use as reference' }).click();
  const selected = () => page.evaluate(() => String(getSelection()));
  await expect.poll(selected).toBe(await studio.prompt.inputValue());
  await expect(studio.mode).toHaveText('Edits image 1');

  await page.getByRole('button', { name: 'Remove from results' }).click();
  await expect(result).toBeHidden();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(result).toBeVisible();
});

test('after an edit, a new prompt edits the original picture or, on request, the result', async ({
  studio,
}) => {
  await studio.addReferences('blue-cat');
  await studio.setSteps(2);
  await studio.draw('Make it night');
  await studio.result();
  const editResult = studio.page.getByRole('button', { name: 'Edit the result instead' });
  await expect(editResult).toBeHidden();
  await studio.prompt.fill('Let it snow');
  await editResult.click();
  await expect(editResult).toBeHidden();
  await expect(studio.mode).toHaveText('Edits image 1');
  expect(await studio.referenceNames()).toEqual([expect.stringMatching(/^make-it-night-\d+/)]);
});

test('an edit has the size of its reference or the chosen size, and the page shows it', async ({
  studio,
}) => {
  const bytes = await sharp(sample('house-in-snow')).resize(160, 120, { fit: 'fill' }).png().toBuffer();
  await studio.chooseFiles({ name: 'wide.png', bytes });
  await expect(studio.references).toHaveCount(1);
  await studio.setSteps(1);
  for (const [shape, size] of [
    ['As image 1', '144x96'],
    ['1:1', '128x128'],
  ] as const) {
    await studio.openSettings();
    await studio.settings.getByRole('radio', { name: shape, exact: true }).check();
    const shown = `${await studio.numberOf('Width in pixels')}x${await studio.numberOf('Height in pixels')}`;
    expect(shown).toBe(size);
    await studio.closeSettings();
    await studio.draw('Make it night.');
    await expect(studio.saveButton).toBeHidden();
    await expect(await studio.result()).toHaveAttribute('data-size', size);
    await expect(studio.page.locator('.job-picture .meta')).toContainText(size.replace('x', ' × '));
  }
});

test('acceleration is chosen in the settings, and the caption names it', async ({ studio }) => {
  await studio.openSettings();
  await studio.setNumber('Steps', 6);
  const accelerations = studio.settings.getByRole('group', { name: 'Acceleration' });
  await expect(accelerations.getByRole('radio', { name: 'Off' })).toBeChecked();
  await accelerations.getByRole('radio', { name: 'TeaCache' }).check();
  await expect(studio.settings).toContainText('2 changes from Balanced');
  await studio.closeSettings();
  await studio.draw('a red house');
  await studio.result();
  await expect(studio.page.getByText('6 steps with TeaCache')).toBeVisible();
});

test('the same seed gives the same picture', async ({ studio }) => {
  await studio.setStepsAndSeed({ steps: 2, seed: 7 });
  const pictures: Uint8Array[] = [];
  for (const _ of [1, 2]) {
    await studio.draw('a red house in the snow');
    await expect(studio.stopButton).toBeVisible();
    await studio.result();
    pictures.push((await saved(studio)).data);
  }
  const [first, second] = pictures;
  expect(first && second && Buffer.compare(first, second)).toBe(0);
});

test('stopping keeps the unfinished picture, and the next job in the queue starts', async ({ studio }) => {
  const { page } = studio;
  await studio.setSteps(100);
  await studio.draw('a forest at sunset');
  await studio.setSteps(2);
  await studio.draw('a red house in the snow');
  await expect(page.getByRole('heading', { name: /^Next/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Stop, keep this' })).toBeVisible({ timeout: 120_000 });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: /^Next/ })).toBeHidden({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Show: a forest at sunset' }).click();
  await expect(page.getByText(/^Stopped at step \d+ of 100\./)).toBeVisible();
  await page.getByRole('region', { name: 'Drawing now' }).getByRole('button', { name: 'Show' }).click();
  await studio.result();
});

test('it checks its own picture and shows the outcome', async ({ studio }) => {
  await studio.checksItself.check();
  await studio.maxRounds.selectOption('2');
  await studio.setSteps(4);
  await studio.draw('three red mushrooms in the snow at night');
  await expect(studio.rounds).toHaveCount(1);
  await studio.result();
  const last = studio.rounds.last();
  await expect(last.getByText('Result', { exact: true })).toBeVisible();
  await expect(last.getByRole('heading', { name: 'Critique' })).toBeVisible();
  await expect(last.getByText(/^(Nothing to fix|No rounds left|Stopped here)$/)).toBeVisible();
  await expect(studio.page.getByText(/^Round [12] is the result[.:]/)).toBeVisible();
});

test('a question about a picture is answered', async ({ studio }) => {
  await studio.addReferences('house-in-snow');
  const answer = await studio.ask('What is in the picture?');
  test.info().annotations.push({ type: 'answer', description: answer });
  expect(answer.trim().length).toBeGreaterThan(3);
  await studio.ask('Locate the house.');
  await expect(studio.questions.locator('.answer-box-label')).toHaveText('house');
  // Questions are listed with their picture only.
  await studio.removeReferences();
  await studio.addReferences('sailboat');
  await expect(studio.questions.getByRole('list')).toBeHidden();
});

test('an example runs with one click', async ({ studio }) => {
  await studio.page
    .getByRole('button', { name: /^Edit a picture/ })
    .first()
    .click();
  await expect(studio.references).toHaveCount(1);
  await expect(studio.prompt).not.toHaveValue('');
  await expect(studio.page.getByRole('button', { name: 'Stop, keep this' })).toBeVisible({
    timeout: 120_000,
  });
});
