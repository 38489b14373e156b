/** Opens a checkpoint on the Models page as a person does: from a folder, or from the browser's storage. */

import type { Locator } from '@playwright/test';
import { ModelsPage } from '../../e2e/models-page.ts';
import { OmniError } from '../../src/errors.ts';
import type { MeasuredPage } from './browser-page.ts';
import { serveFolder } from './file-server.ts';

/** The worker's message that the model can draw. */
const READY = 'model ready';

/** Picks a folder, which is read in place, and uses it. */
export async function openFolder(
  signal: AbortSignal,
  measured: MeasuredPage,
  checkpoint: string,
): Promise<undefined> {
  const models = new ModelsPage(measured.page);
  await models.goto();
  await measured.page.getByTestId('pick-folder').setInputFiles(checkpoint);
  await use(signal, measured, models.row('In a folder of yours'));
}

/**
 * Installs a converted checkpoint from a server of this machine into the browser's storage, and uses it.
 * @returns the seconds of the installation
 */
export async function openStored(
  signal: AbortSignal,
  measured: MeasuredPage,
  checkpoint: string,
): Promise<number> {
  const models = new ModelsPage(measured.page);
  await models.goto();
  const row = models.row('In the browser’s storage');
  const server = await serveFolder(checkpoint);
  const started = performance.now();
  try {
    await models.install(server.address);
    await installed(signal, models, row);
  } finally {
    await server.close();
  }
  const seconds = (performance.now() - started) / 1000;
  await use(signal, measured, row);
  return seconds;
}

/** @throws OmniError `storage` with the words of the page if the installation fails */
async function installed(signal: AbortSignal, models: ModelsPage, row: Locator): Promise<void> {
  const alerts = models.page.getByRole('alert');
  for (;;) {
    signal.throwIfAborted();
    if ((await row.getByText('It can be used.').count()) > 0) return;
    if ((await alerts.count()) > 0) {
      throw new OmniError({
        code: 'storage',
        message: `The installation failed: ${await alerts.first().textContent()}`,
        action: 'Free space on the disk of --dir, then run the same step again.',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Uses a model, waits until it can draw, and goes to the page that draws. */
async function use(signal: AbortSignal, measured: MeasuredPage, row: Locator): Promise<void> {
  await measured.reset();
  await row.getByRole('button', { name: 'Use', exact: true }).click();
  await measured.reached(signal, READY);
  await measured.page.getByRole('link', { name: 'Make', exact: true }).click();
  await measured.studio.prompt.waitFor();
}
