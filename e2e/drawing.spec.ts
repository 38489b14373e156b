/** From words to a picture with the built-in model, in the real worker. Few steps: the test machine has no GPU. */

import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { StudioPage, sample } from './studio-page.ts';

test.describe.configure({ timeout: 300_000 });

test('a picture appears step by step and is saved as it was drawn', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.drawQuickly(4);
  await studio.make('a yellow ball on the beach');
  await expect(page.locator('.step')).toHaveText(/^Step [1-4] of 4/, { timeout: 120_000 });
  await expect(page.getByRole('img', { name: /^Unfinished picture, step \d of 4/ })).toBeVisible();
  const result = await studio.result();
  await expect(result).toHaveAttribute('data-size', '128x128');
  await expect(
    page.getByText(/^Drawn in [\d.]+\s(s|min)\. Own settings, 4 steps, 128 × 128, seed/),
  ).toBeVisible();

  const [download] = await Promise.all([page.waitForEvent('download'), studio.saveButton.click()]);
  expect(download.suggestedFilename()).toMatch(/^a-yellow-ball-on-the-beach-\d+\.png$/);
  const png = decode(readFileSync(await download.path()));
  expect([png.width, png.height]).toEqual([128, 128]);
  expect(new Set(png.data).size).toBeGreaterThan(50);

  await studio.steps.last().focus();
  await page.keyboard.press('Home');
  await expect(page.getByRole('img', { name: /^Unfinished picture, step 1 of 4/ })).toBeVisible();
  await page.keyboard.press('End');
  await expect(result).toBeVisible();

  await page.getByRole('button', { name: 'Use as reference' }).click();
  await expect(studio.mode).toHaveText('Edits image 1');

  await page.getByRole('button', { name: 'Remove from the shelf' }).click();
  await expect(result).toBeHidden();
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await expect(result).toBeVisible();
});

test('after an edit, new words change the given picture or, when asked, the result', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.give('blue-cat');
  await studio.drawQuickly(2);
  await studio.make('Make it night');
  await studio.result();
  const instead = page.getByRole('button', { name: 'Change the result instead' });
  await expect(instead).toBeHidden();
  await studio.prompt.fill('Let it snow');
  await instead.click();
  await expect(instead).toBeHidden();
  await expect(studio.mode).toHaveText('Edits image 1');
  expect(await studio.referenceNames()).toEqual([expect.stringMatching(/^make-it-night-\d+/)]);
});

test('an edit has the size of its picture, or the one that was chosen; the page names it', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  const bytes = await sharp(sample('house-in-snow')).resize(160, 120, { fit: 'fill' }).png().toBuffer();
  await studio.choose({ name: 'wide.png', bytes });
  await expect(studio.references).toHaveCount(1);
  await studio.drawQuickly(1);
  for (const [shape, size] of [
    ['As image 1', '144x96'],
    ['1:1', '128x128'],
  ] as const) {
    await studio.openMore();
    await studio.more.getByRole('radio', { name: shape, exact: true }).check();
    const named = `${await studio.number('Width in pixels')}x${await studio.number('Height in pixels')}`;
    expect(named).toBe(size);
    await studio.closeMore();
    await studio.make('Make it night.');
    await expect(studio.saveButton).toBeHidden();
    await expect(await studio.result()).toHaveAttribute('data-size', size);
    await expect(page.locator('.plate .meta')).toContainText(size.replace('x', ' × '));
  }
});

test('skipped work is chosen in the drawer, and the picture says so', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.openMore();
  await studio.setNumber('Steps', 6);
  const ways = studio.more.getByRole('group', { name: 'Skip work that changes little' });
  await expect(ways.getByRole('radio', { name: 'Off' })).toBeChecked();
  await ways.getByRole('radio', { name: 'TeaCache' }).check();
  await expect(studio.more).toContainText('2 changes from Balanced');
  await studio.closeMore();
  await studio.make('a red house');
  await studio.result();
  await expect(page.getByText('6 steps with TeaCache')).toBeVisible();
});

test('the same seed gives the same picture', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.openMore();
  await studio.setNumber('Steps', 2);
  await studio.setNumber('Seed', 7);
  await studio.closeMore();
  const files: Buffer[] = [];
  for (const _ of [1, 2]) {
    await studio.make('a red house in the snow');
    await expect(studio.stopButton).toBeVisible();
    await studio.result();
    const [download] = await Promise.all([page.waitForEvent('download'), studio.saveButton.click()]);
    files.push(readFileSync(await download.path()));
  }
  expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(true);
});

test('stopping keeps the half-drawn picture, and what waits comes next', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.drawQuickly(100);
  await studio.make('a forest at sunset');
  await studio.drawQuickly(2);
  await studio.make('a red house in the snow');
  await expect(page.getByRole('heading', { name: /^Next/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Stop, keep this' })).toBeVisible({ timeout: 120_000 });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: /^Next/ })).toBeHidden({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Show: a forest at sunset' }).click();
  await expect(page.getByText(/^Stopped at step \d+ of 100\./)).toBeVisible();
  await page.getByRole('button', { name: 'Look at it' }).click();
  await studio.result();
});

test('it looks at its own picture and says what it decided', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.check();
  await page.getByLabel('Rounds at most').selectOption('2');
  await studio.drawQuickly(4);
  await studio.make('three red mushrooms in the snow at night');
  await expect(studio.rounds).toHaveCount(1);
  await studio.result();
  const last = studio.rounds.last();
  await expect(last.getByText('Result', { exact: true })).toBeVisible();
  await expect(last.getByText('It says')).toBeVisible();
  await expect(last.getByText(/^(Nothing to mend|Out of rounds|Stops here)$/)).toBeVisible();
  await expect(page.getByText(/^Round [12] is the result\./)).toBeVisible();
});

test('a question about a picture is answered', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.give('house-in-snow');
  const answer = await studio.ask('What is in the picture?');
  test.info().annotations.push({ type: 'answer', description: answer });
  expect(answer.trim().length).toBeGreaterThan(3);
});

test('an example runs with one click', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await page
    .getByRole('button', { name: /^Edit a picture/ })
    .first()
    .click();
  await expect(studio.references).toHaveCount(1);
  await expect(studio.prompt).not.toHaveValue('');
  await expect(page.getByRole('button', { name: 'Stop, keep this' })).toBeVisible({ timeout: 120_000 });
});
