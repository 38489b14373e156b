/** When something goes wrong: what happened, what is safe, what to do. */

import { expect, test } from '@playwright/test';
import { StudioPage } from './studio-page.ts';

test('a model that does not load says so, and loads again when asked', async ({ page }) => {
  const studio = new StudioPage(page);
  await page.route('**/models/**', (route) => route.abort());
  await studio.open();
  const notice = page.getByRole('alert');
  await expect(notice).toBeVisible({ timeout: 60_000 });
  await expect(studio.status).toContainText('did not load');
  await expect(notice).toContainText('What you write and drop here meanwhile is kept.');
  await studio.prompt.fill('a red house');
  await notice.getByRole('button', { name: 'Load the model again' }).click();
  await expect(notice).toBeVisible({ timeout: 60_000 });
  await notice.getByRole('button', { name: 'Put away' }).click();
  await expect(page.getByRole('button', { name: 'Load the model again' }).first()).toBeVisible();

  // Asking for a picture loads it, too.
  await page.unroute('**/models/**');
  await studio.makeButton.click();
  await studio.modelReady();
  await expect(notice).toBeHidden();
  await expect(studio.prompt).toHaveValue('a red house');
  await expect(studio.stopButton).toBeVisible();
});

test('without a GPU the processor draws, and the page says why, once', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  const notice = page.getByRole('status', { name: 'No GPU here, so the processor draws' });
  await expect(notice).toBeVisible();
  await expect(studio.status).toContainText('on this processor');
  await expect(page.locator('footer')).toContainText(/WebGPU/);
  const anew = page.waitForEvent('worker');
  await notice.getByRole('button', { name: 'Try the GPU again' }).click();
  await anew;
  await studio.modelReady();
  await expect(notice).toBeVisible();
  await notice.getByRole('button', { name: 'Put away' }).click();
  await expect(notice).toBeHidden();
  await page.reload();
  await studio.modelReady();
  await expect(notice).toBeHidden();
});

for (const [width, height] of [
  [1280, 800],
  [390, 844],
] as const) {
  test(`without a GPU everything that is needed is in a window of ${width} x ${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    const studio = new StudioPage(page);
    await studio.open();
    await studio.modelReady();
    const notice = page.getByRole('status', { name: 'No GPU here, so the processor draws' });
    await expect(notice).toBeInViewport({ ratio: 1 });
    expect((await notice.boundingBox())?.height).toBeLessThan(64);
    await expect(studio.makeButton).toBeInViewport({ ratio: 1 });

    await studio.make('a red house in the snow');
    await expect(notice).toBeHidden();
    await studio.steps.nth(1).waitFor();
    await expect(studio.stopButton).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('group', { name: 'Progress' })).toContainText(/Step \d+ of 20/);
    await expect(page.getByRole('group', { name: 'Progress' })).toBeInViewport({ ratio: 1 });
    await studio.stopButton.click();
    await studio.result();
    await page.reload();
    await studio.modelReady();
    await expect(notice).toBeHidden();
  });
}
