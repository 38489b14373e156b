/** The composer: references, prompt, hints and limits. It needs no model. */

import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { test, withholdModel } from './fixtures.ts';
import { StudioPage, sample } from './studio-page.ts';

test('the prompt can be typed at once, before the weights arrive', async ({ page }) => {
  await withholdModel(page);
  const studio = new StudioPage(page);
  await studio.open();
  await studio.prompt.fill('a red house');
  const readyMs = await page.evaluate(
    () => performance.getEntriesByName('studio-ready')[0]?.startTime ?? Infinity,
  );
  test.info().annotations.push({ type: 'ready to type', description: `${Math.round(readyMs)} ms` });
  // Test machines are slow and shared. This limit only catches a page that blocks.
  expect(readyMs).toBeLessThan(4_000);
});

test('references are numbered in order, a sixth is refused, each can be removed', async ({
  studioWithoutModel: studio,
}) => {
  const { page } = studio;
  await expect(studio.mode).toHaveText('From words');
  await studio.addReferences('blue-cat');
  await expect(studio.mode).toHaveText('Edits image 1');
  await studio.addReferences('sailboat', 'frog-on-beach');
  await expect(studio.mode).toHaveText('New picture from images 1, 2 and 3');
  await studio.addReferences('bunny-in-forest', 'fox-at-night', 'house-in-snow');
  expect(await studio.referenceNames()).toEqual([
    'blue-cat',
    'sailboat',
    'frog-on-beach',
    'bunny-in-forest',
    'fox-at-night',
  ]);
  await expect(page.getByRole('status', { name: 'One picture was not added' })).toBeVisible();
  await page.getByRole('button', { name: 'Remove image 2' }).click();
  expect(await studio.referenceNames()).toEqual([
    'blue-cat',
    'frog-on-beach',
    'bunny-in-forest',
    'fox-at-night',
  ]);
});

test('references are reordered by keyboard', async ({ studioWithoutModel: studio }) => {
  const { page } = studio;
  await studio.addReferences('blue-cat', 'sailboat', 'frog-on-beach');
  const announcer = page.getByTestId('announcer');
  await page.getByRole('button', { name: /^Move image 1/ }).focus();
  await page.keyboard.press('Space');
  await expect(announcer).toContainText('picked up');
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

test('references are reordered by dragging', async ({ studioWithoutModel: studio }) => {
  const { page } = studio;
  await studio.addReferences('blue-cat', 'sailboat', 'frog-on-beach');
  await page.getByRole('button', { name: /^Move image 3/ }).hover();
  await page.mouse.down();
  const first = await studio.references.first().boundingBox();
  await page.mouse.move((first?.x ?? 0) + 20, (first?.y ?? 0) + 10, { steps: 12 });
  await page.mouse.up();
  expect(await studio.referenceNames()).toEqual(['frog-on-beach', 'blue-cat', 'sailboat']);
});

test('pictures can be dropped and pasted anywhere; other files are refused by name', async ({
  studioWithoutModel: studio,
}) => {
  const { page } = studio;
  await transfer(page, 'drop', 'blue-cat.png', 'image/png');
  await expect(studio.references).toHaveCount(1);
  await transfer(page, 'paste', 'sailboat.png', 'image/png');
  await expect(studio.references).toHaveCount(2);
  await transfer(page, 'drop', 'notes.txt', 'text/plain');
  await expect(page.getByRole('status', { name: /notes\.txt is text, not a picture/ })).toBeVisible();
  expect(await studio.referenceNames()).toEqual(['blue-cat', 'sailboat']);
  // The next picture that is added removes the notice.
  await transfer(page, 'drop', 'frog-on-beach.png', 'image/png');
  await expect(studio.references).toHaveCount(3);
  await expect(page.getByRole('status', { name: /notes\.txt/ })).toBeHidden();
});

test('text that is pasted together with a picture of it stays text in a field', async ({
  studioWithoutModel: studio,
}) => {
  await studio.prompt.focus();
  const prevented = await studio.page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.setData('text/plain', 'a red house');
    transfer.items.add(new File([new Uint8Array(9)], 'cells.png', { type: 'image/png' }));
    const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer });
    return !document.activeElement?.dispatchEvent(event);
  });
  expect(prevented).toBe(false);
  await expect(studio.references).toHaveCount(0);
});

test('a mention of a missing picture gives a hint that one click resolves', async ({
  studioWithoutModel: studio,
}) => {
  await studio.addReferences('blue-cat', 'sailboat');
  await studio.prompt.fill('the cat of image 1 beside the boat of image 3');
  await expect(studio.hint).toContainText('There is no image 3.');
  await studio.hint.getByRole('button', { name: 'image 2' }).click();
  await expect(studio.prompt).toHaveValue('the cat of image 1 beside the boat of image 2');
  await expect(studio.hint).toBeHidden();
  await studio.prompt.fill('put the cat beside the boat');
  await expect(studio.hint).toContainText('Which picture is which?');
  await studio.hint.getByRole('button', { name: 'image 2' }).click();
  await expect(studio.prompt).toHaveValue('put the cat beside the boat of image 2');
  await expect(studio.hint).toContainText('What comes from image 1?');
});

test('an invalid form says what is wrong', async ({ studioWithoutModel: studio }) => {
  await studio.drawButton.click();
  await expect(studio.problems).toContainText('The prompt is empty.');
  await expect(studio.prompt).toBeFocused();
  await studio.prompt.fill('x'.repeat(10_001));
  await studio.prompt.press('Control+Enter');
  await expect(studio.problems).toContainText('The prompt has 10,001 characters; the limit is 10,000.');

  await studio.prompt.fill('a red house');
  await studio.openSettings();
  await studio.setNumber('Width in pixels', 10);
  await expect(studio.settings).toContainText('each a whole number from 16 to 4,096');
  await studio.setNumber('Steps', 1001);
  await expect(studio.settings).toContainText('a whole number from 1 to 1,000');
  await studio.setNumber('Seed', '4294967296');
  await expect(studio.settings).toContainText('from 0 to 4,294,967,295');

  // "Done" moves the focus to the first invalid field. "Close" closes the dialog anyway.
  const width = studio.settings.getByLabel('Width in pixels');
  await studio.settings.getByRole('button', { name: 'Done' }).click();
  await expect(width).toBeFocused();
  await expect(width).toHaveAccessibleDescription(/each a whole number from 16/);
  await studio.settings.getByRole('button', { name: 'Close' }).click();
  await expect(studio.settings).toBeHidden();
  await studio.drawButton.click();
  await expect(studio.problems.getByRole('listitem')).toHaveCount(3);

  await studio.openSettings();
  await studio.setNumber('Width in pixels', 112);
  await studio.setNumber('Steps', 20);
  const seed = studio.settings.getByLabel('Seed', { exact: true });
  await seed.fill('');
  await seed.pressSequentially('-5');
  await expect(seed).toHaveValue('-5');
  await expect(seed).toHaveAccessibleDescription(/a whole number from 0 to/);
  await studio.settings.getByRole('button', { name: 'Done' }).click();
  await expect(seed).toBeFocused();
  await studio.settings.getByRole('button', { name: 'New seed' }).click();
  await expect(seed).toHaveValue(/^\d+$/);
  await studio.closeSettings();
});

test('theme, preset and number of rounds are kept after a reload', async ({ studioWithoutModel: studio }) => {
  const { page } = studio;
  await page.getByRole('button', { name: 'Switch to dark theme' }).click();
  await page.getByRole('radio', { name: 'Fast' }).check();
  await studio.checksItself.check();
  await studio.maxRounds.selectOption('2');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('radio', { name: 'Fast' })).toBeChecked();
  await expect(studio.maxRounds).toHaveValue('2');
});

/** Drops or pastes a file on the middle of the page: a sample picture, or text. */
async function transfer(page: Page, how: 'drop' | 'paste', name: string, type: string): Promise<void> {
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
