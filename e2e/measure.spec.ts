/** Measuring the machine in the room Settings, without a GPU and with a short time for every stage. */

import { readFile } from 'node:fs/promises';
import { test as base, expect, type Page } from '@playwright/test';
import { expectNoViolations } from './axe.ts';
import { ModelsPage } from './models-page.ts';

const test = base.extend<{ models: ModelsPage }>({
  models: async ({ page, context }, use) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await leaveOutLongStages(page);
    const models = new ModelsPage(page);
    await models.open();
    await page.getByRole('link', { name: 'Settings', exact: true }).click();
    await use(models);
  },
});

test('a measurement can be stopped, and its report can be read, copied and saved', async ({ models }) => {
  const { page } = models;
  const section = page.getByRole('region', { name: 'Measure this machine' });
  await section.getByRole('button', { name: 'Measure this machine' }).click();
  await expect(section).toContainText('Peak of float32 products');
  await section.getByRole('button', { name: 'Stop' }).click();
  await expect(section.getByRole('status')).toHaveText('The measurement was stopped.');

  await section.getByRole('button', { name: 'Measure again' }).click();
  const layers = section.getByRole('table', { name: 'One layer of each kind' });
  await expect(layers).toBeVisible({ timeout: 120_000 });
  for (const stage of ['transformer layer', 'decoder layer', 'VAE block']) {
    await expect(layers.getByRole('row', { name: stage }).first()).toContainText(/\d ms/);
  }
  const race = section.getByRole('table', { name: 'Race of the kernels' });
  await expect(race.getByRole('row', { name: 'chosen' })).toHaveCount(1);
  await expect(section).toContainText('No GPU was measured.');
  await expectNoViolations(page, 'a report');

  await section.getByRole('button', { name: 'Copy report' }).click();
  await expect(section.getByRole('button', { name: 'Copied' })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(copied)).toMatchObject({ format: 1, backend: 'wasm' });
  const downloading = page.waitForEvent('download');
  await section.getByRole('button', { name: 'Save report' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('omnigen2-device.json');
  expect(await readFile(await download.path(), 'utf8')).toBe(copied);

  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoViolations(page, 'a report, 390 px wide');
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

/** After the first number of rows, each stage is left out. */
async function leaveOutLongStages(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, message: object, ...others: unknown[]) {
      const short = 'type' in message && message.type === 'measure' ? { ...message, stageMs: 0 } : message;
      Reflect.apply(postMessage, this, [short, ...others]);
    };
  });
}
