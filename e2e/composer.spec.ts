/** Saying what to draw: pictures, words, hints and limits. Needs no model. */

import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { StudioPage, sample } from './studio-page.ts';

test.beforeEach(async ({ page }) => {
  // The composer must work before the model is there; without one these tests are quick.
  await page.route('**/models/**', () => undefined);
});

test('words can be typed at once, before any weight is there', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.prompt.fill('a red house');
  const readyMs = await page.evaluate(
    () => performance.getEntriesByName('studio-ready')[0]?.startTime ?? Infinity,
  );
  test.info().annotations.push({ type: 'ready to type', description: `${Math.round(readyMs)} ms` });
  // A shared machine is slower than a person's; the limit here only catches what blocks the page.
  expect(readyMs).toBeLessThan(4_000);
});

test('pictures are numbered in order, the sixth is refused, each can be removed', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await expect(studio.mode).toHaveText('From words');
  await studio.give('blue-cat');
  await expect(studio.mode).toHaveText('Edits image 1');
  await studio.give('sailboat', 'frog-on-beach');
  await expect(studio.mode).toHaveText('New picture from images 1, 2 and 3');
  await studio.give('bunny-in-forest', 'fox-at-night', 'house-in-snow');
  expect(await studio.referenceNames()).toEqual([
    'blue-cat',
    'sailboat',
    'frog-on-beach',
    'bunny-in-forest',
    'fox-at-night',
  ]);
  await expect(page.getByRole('status', { name: 'One picture found no place' })).toBeVisible();
  await page.getByRole('button', { name: 'Remove image 2' }).click();
  expect(await studio.referenceNames()).toEqual([
    'blue-cat',
    'frog-on-beach',
    'bunny-in-forest',
    'fox-at-night',
  ]);
});

test('pictures are reordered by keyboard', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.give('blue-cat', 'sailboat', 'frog-on-beach');
  const announcer = page.getByTestId('announcer');
  await page.getByRole('button', { name: /^Move image 1/ }).focus();
  await page.keyboard.press('Space');
  await expect(announcer).toContainText('lifted');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(announcer).toHaveText('Now image 3 of 3.');
  await page.keyboard.press('Space');
  expect(await studio.referenceNames()).toEqual(['sailboat', 'frog-on-beach', 'blue-cat']);

  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Escape');
  expect(await studio.referenceNames()).toEqual(['sailboat', 'frog-on-beach', 'blue-cat']);
});

test('pictures are reordered by dragging', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.give('blue-cat', 'sailboat', 'frog-on-beach');
  await page.getByRole('button', { name: /^Move image 3/ }).hover();
  await page.mouse.down();
  const first = await studio.references.first().boundingBox();
  await page.mouse.move((first?.x ?? 0) + 20, (first?.y ?? 0) + 10, { steps: 12 });
  await page.mouse.up();
  expect(await studio.referenceNames()).toEqual(['frog-on-beach', 'blue-cat', 'sailboat']);
});

test('pictures are dropped and pasted anywhere; other files are refused by name', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await handOver(page, 'drop', 'blue-cat.png', 'image/png');
  await expect(studio.references).toHaveCount(1);
  await handOver(page, 'paste', 'sailboat.png', 'image/png');
  await expect(studio.references).toHaveCount(2);
  await handOver(page, 'drop', 'notes.txt', 'text/plain');
  await expect(page.getByRole('status', { name: /notes\.txt is text, not a picture/ })).toBeVisible();
  expect(await studio.referenceNames()).toEqual(['blue-cat', 'sailboat']);
  // What was wrong is past once a picture has been taken.
  await handOver(page, 'drop', 'frog-on-beach.png', 'image/png');
  await expect(studio.references).toHaveCount(3);
  await expect(page.getByRole('status', { name: /notes\.txt/ })).toBeHidden();
});

test('words that are pasted with a picture of them stay words in a field', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.prompt.focus();
  const stopped = await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.setData('text/plain', 'a red house');
    transfer.items.add(new File([new Uint8Array(9)], 'cells.png', { type: 'image/png' }));
    const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer });
    return !document.activeElement?.dispatchEvent(event);
  });
  expect(stopped).toBe(false);
  await expect(studio.references).toHaveCount(0);
});

test('a picture that is named but not there is pointed out and mended with a click', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.give('blue-cat', 'sailboat');
  await studio.prompt.fill('the cat of image 1 beside the boat of image 3');
  await expect(studio.hint).toContainText('There is no image 3.');
  await studio.hint.getByRole('button', { name: 'image 2' }).click();
  await expect(studio.prompt).toHaveValue('the cat of image 1 beside the boat of image 2');
  await expect(studio.hint).toBeHidden();
  await studio.prompt.fill('put the cat beside the boat');
  await expect(studio.hint).toContainText('Which picture is which?');
});

test('what cannot be drawn is said in words', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.makeButton.click();
  await expect(studio.problems).toContainText('There are no words to draw from yet.');
  await expect(studio.prompt).toBeFocused();
  await studio.prompt.fill('x'.repeat(10_001));
  await studio.prompt.press('Control+Enter');
  await expect(studio.problems).toContainText('The prompt has 10,001 characters; the limit is 10,000.');

  await studio.prompt.fill('a red house');
  await studio.openMore();
  await studio.setNumber('Width in pixels', 100);
  await expect(studio.more).toContainText('each a multiple of 16');
  await studio.setNumber('Steps', 101);
  await expect(studio.more).toContainText('a whole number from 1 to 100');
  await studio.setNumber('Seed', '4294967296');
  await expect(studio.more).toContainText('from 0 to 4,294,967,295');

  // Done goes to what cannot be drawn; the drawer can be closed all the same.
  const width = studio.more.getByLabel('Width in pixels');
  await studio.more.getByRole('button', { name: 'Done' }).click();
  await expect(width).toBeFocused();
  await expect(width).toHaveAccessibleDescription(/each a multiple of 16/);
  await studio.more.getByRole('button', { name: 'Close' }).click();
  await expect(studio.more).toBeHidden();
  await studio.makeButton.click();
  await expect(studio.problems.getByRole('listitem')).toHaveCount(3);

  await studio.openMore();
  await studio.setNumber('Width in pixels', 112);
  await studio.setNumber('Steps', 20);
  const seed = studio.more.getByLabel('Seed', { exact: true });
  await seed.fill('');
  await seed.pressSequentially('-5');
  await expect(seed).toHaveValue('-5');
  await expect(seed).toHaveAccessibleDescription(/a whole number from 0 to/);
  await studio.more.getByRole('button', { name: 'Done' }).click();
  await expect(seed).toBeFocused();
  await studio.more.getByRole('button', { name: 'New seed' }).click();
  await expect(seed).toHaveValue(/^\d+$/);
  await studio.closeMore();
});

test('theme, preset and rounds outlast a reload', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await page.getByRole('button', { name: 'Switch to dark' }).click();
  await page.getByRole('radio', { name: 'Fast' }).check();
  await studio.checksItself.check();
  await page.getByLabel('Rounds at most').selectOption('2');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('radio', { name: 'Fast' })).toBeChecked();
  await expect(page.getByLabel('Rounds at most')).toHaveValue('2');
});

/** Drops or pastes a file of public/samples (or of any bytes) on the middle of the page. */
async function handOver(page: Page, how: 'drop' | 'paste', name: string, type: string): Promise<void> {
  const bytes =
    type === 'image/png' ? readFileSync(sample(name.replace('.png', ''))) : Buffer.from('no picture');
  await page.evaluate(
    ({ how, name, type, base64 }) => {
      const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([data], name, { type }));
      const event =
        how === 'drop'
          ? new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: transfer })
          : new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer });
      document.body.dispatchEvent(event);
    },
    { how, name, type, base64: bytes.toString('base64') },
  );
}
