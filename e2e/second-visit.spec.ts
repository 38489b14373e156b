/** Weights are fetched once: a second visit fetches no weight byte. */

import { expect, type Page, test } from '@playwright/test';
import { StudioPage } from './studio-page.ts';

test('the second visit reads the weights from the browser', async ({ page }) => {
  const studio = new StudioPage(page);
  const first = await weightRequests(page, async () => {
    await studio.open();
    await studio.modelReady();
  });
  expect(first).toContainEqual(expect.stringMatching(/transformer\/.*\.safetensors$/));

  const second = await weightRequests(page, async () => {
    await page.reload();
    await studio.modelReady();
  });
  expect(second.map((url) => new URL(url).pathname)).toEqual(['/models/storybook/manifest.json']);
});

/** Every request for a file of the model while `visit` runs. */
async function weightRequests(page: Page, visit: () => Promise<void>): Promise<string[]> {
  const urls: string[] = [];
  const note = (request: { url(): string }) => {
    if (request.url().includes('/models/')) urls.push(request.url());
  };
  page.context().on('request', note);
  await visit();
  page.context().off('request', note);
  return urls;
}
