/** The gallery: everything that was made in this browser, in every visit. */

import { expect, type Page } from '@playwright/test';
import { completeSettings } from '../src/settings/draw-settings.ts';
import { expectNoViolations } from './axe.ts';
import { test } from './fixtures.ts';
import { StudioPage } from './studio-page.ts';

const PROMPT = 'a red house in the snow';
const OTHER = 'a blue cat on the beach';

test('pictures are found, starred, opened again, used again, deleted and brought back', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.setStepsAndSeed({ steps: 2, side: 64, seed: 7 });
  await studio.draw(PROMPT);
  await studio.result();
  await studio.draw(OTHER);
  await expect(page.getByRole('button', { name: `Show: ${OTHER}` })).toBeVisible({ timeout: 60_000 });
  await studio.result();

  await page.reload();
  await page.getByRole('link', { name: 'Gallery', exact: true }).click();
  const cards = page.locator('.gallery-card');
  await expect(cards).toHaveCount(2);
  await expect(cards.first()).toContainText(OTHER);
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();

  // By keyboard: search, star, move, open.
  await page.keyboard.press('/');
  await page.keyboard.type('house seed', { delay: 5 });
  await expect(cards).toHaveCount(0);
  await page.getByLabel('Search the gallery').fill('HOUSE 7');
  await expect(cards).toHaveCount(1);
  await page.getByLabel('Search the gallery').fill('');
  await page.getByRole('link', { name: `Open “${OTHER}”` }).focus();
  await page.keyboard.press('s');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('link', { name: `Open “${PROMPT}”` })).toBeFocused();
  await page.getByRole('button', { name: 'Starred', exact: true }).click();
  await expect(cards).toHaveCount(1);
  await expect(cards).toContainText(OTHER);
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await expectNoViolations(page, 'the gallery');

  await page.getByRole('link', { name: `Open “${PROMPT}”` }).click();
  await expect(page).toHaveURL(/#\/make\/[\w-]+$/);
  await expect(page.getByRole('img', { name: /^Result/ })).toBeVisible();
  await page.goBack();
  await expect(cards).toHaveCount(2);

  await cards.nth(1).hover();
  await cards.nth(1).getByRole('button', { name: 'Same settings' }).click();
  await expect(studio.prompt).toHaveValue(PROMPT);
  await page.goBack();
  await cards.nth(1).hover();
  await cards.nth(1).getByRole('button', { name: 'Use as reference' }).click();
  await expect(studio.references).toHaveCount(1);

  await page.getByRole('link', { name: 'Gallery', exact: true }).click();
  await page.getByRole('link', { name: `Open “${PROMPT}”` }).focus();
  await page.keyboard.press('Delete');
  await expect(cards).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(cards).toHaveCount(2);
  await cards.nth(0).getByRole('checkbox').check();
  await cards.nth(1).getByRole('checkbox').check();
  await page
    .getByRole('region', { name: 'Selected pictures' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await expect(page.getByText('Nothing yet.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Nothing yet.')).toBeVisible();
});

test('2,000 pictures: a few cards at a time, and the search finds the oldest', async ({ page }) => {
  await page.goto('/#/gallery');
  await expect(page.getByText('Nothing yet.')).toBeVisible();
  await storePictures(page, 2000);
  await page.reload();
  await expect(page.getByTestId('gallery-count')).toContainText('2000 pictures');
  const cards = page.locator('.gallery-card');
  await expect(cards.first()).toContainText('picture 1999');
  expect(await cards.count()).toBeLessThan(60);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(page.getByText('picture 0', { exact: true })).toBeVisible();
  expect(await cards.count()).toBeLessThan(60);
  await page.getByLabel('Search the gallery').fill('picture 0 ');
  await expect(cards.first()).toBeVisible();
});

/** Writes finished drawings into the page's database, with one picture for all. */
async function storePictures(page: Page, count: number): Promise<void> {
  const settings = completeSettings({ steps: 2 }, { trainedSide: 64, seed: 1 });
  await page.evaluate(
    async ([total, settings]) => {
      const canvas = new OffscreenCanvas(64, 64);
      canvas.getContext('2d')?.fillRect(8, 8, 48, 48);
      const picture = await canvas.convertToBlob();
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open('omnigen2-studio');
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const tx = db.transaction(['jobs', 'events', 'blobs'], 'readwrite');
      tx.objectStore('blobs').put(picture, 'square');
      for (let i = 0; i < total; i++) {
        const createdMs = Date.now() - (total - i) * 3_600_000;
        const id = `${createdMs.toString(36).padStart(10, '0')}-0000000`;
        const spec = {
          ...{
            version: 1,
            id,
            createdMs,
            kind: 'draw',
            prompt: `picture ${i}`,
            inputs: [],
            settings,
            rounds: 1,
          },
          ...{ model: { key: 'built-in', name: 'Built-in model' }, size: { width: 64, height: 64 } },
          settingsName: 'balanced',
        };
        tx.objectStore('jobs').put({ id, spec, starred: false, owner: 'test', ended: true }, id);
        const drawn = {
          type: 'picture',
          round: 1,
          picture: { blob: 'square', width: 64, height: 64 },
          drawMs: 1,
        };
        tx.objectStore('events').put(drawn, [id, 0]);
        const result = { type: 'picture', round: 1, rounds: 1, notes: [], totalMs: 1 };
        tx.objectStore('events').put({ type: 'done', result }, [id, 1]);
      }
      await new Promise((resolve, reject) => {
        tx.oncomplete = resolve;
        tx.onerror = () => reject(tx.error);
      });
      db.close();
    },
    [count, settings] as const,
  );
}
