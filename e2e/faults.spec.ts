/** When something goes wrong, the page says what happened, what is safe and what to do. */

import { expect } from '@playwright/test';
import { expectNoViolations } from './axe.ts';
import { test } from './fixtures.ts';
import { StudioPage } from './studio-page.ts';

const NO_GPU = 'No GPU available, drawing on the CPU';

test('a model that does not load gives a notice, and loads again on request', async ({ page }) => {
  const studio = new StudioPage(page);
  await page.route('**/models/**', (route) => route.abort());
  await studio.open();
  const notice = page.getByRole('alert');
  await expect(notice).toBeVisible({ timeout: 60_000 });
  await expect(studio.modelStatus).toContainText('did not load');
  await expect(notice).toContainText('Your prompt and pictures are kept.');
  await studio.prompt.fill('a red house');
  await notice.getByRole('button', { name: 'Load the model again' }).click();
  await expect(notice).toBeVisible({ timeout: 60_000 });
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByRole('button', { name: 'Load the model again' }).first()).toBeVisible();

  // A new picture loads the model, too.
  await page.unroute('**/models/**');
  await studio.drawButton.click();
  await studio.modelReady();
  await expect(notice).toBeHidden();
  await expect(studio.prompt).toHaveValue('a red house');
  await expect(studio.stopButton).toBeVisible();
});

test('without a GPU the CPU draws, and a notice gives the reason, once', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  const notice = page.getByRole('status', { name: NO_GPU });
  await expect(notice).toBeVisible();
  await expectNoViolations(page, 'notice');
  await expect(studio.modelStatus).toContainText('on the CPU');
  await expect(page.locator('footer')).toContainText(/WebGPU/);
  const newWorker = page.waitForEvent('worker');
  await notice.getByRole('button', { name: 'Try the GPU again' }).click();
  await newWorker;
  await studio.modelReady();
  await expect(notice).toBeVisible();
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await expect(notice).toBeHidden();
  await page.reload();
  await studio.modelReady();
  await expect(notice).toBeHidden();
});

for (const [width, height] of [
  [1280, 800],
  [390, 844],
] as const) {
  test(`without a GPU everything important is in a window of ${width} x ${height}`, async ({ page }) => {
    const studio = new StudioPage(page);
    await page.setViewportSize({ width, height });
    await studio.open();
    await studio.modelReady();
    const notice = page.getByRole('status', { name: NO_GPU });
    await expect(notice).toBeInViewport({ ratio: 1 });
    expect((await notice.boundingBox())?.height).toBeLessThan(64);
    await expect(studio.drawButton).toBeInViewport({ ratio: 1 });

    await studio.draw('a red house in the snow');
    await expect(notice).toBeHidden();
    await studio.stepPreviews.nth(1).waitFor();
    await expect(studio.stopButton).toBeInViewport({ ratio: 1 });
    const progress = page.getByRole('group', { name: 'Progress' });
    await expect(progress).toContainText(/Step \d+ of 20/);
    await expect(progress).toBeInViewport({ ratio: 1 });
    await studio.stopButton.click();
    await studio.result();
    await page.reload();
    await studio.modelReady();
    await expect(notice).toBeHidden();
  });
}
