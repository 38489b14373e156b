/** A drawing that is interrupted goes on, and its picture is the one that it would have been. */

import { expect, type Page, test } from '@playwright/test';
import { saved } from './node-side.ts';
import { StudioPage } from './studio-page.ts';

test('a lost GPU is told, and the drawing goes on', async ({ page, browser }, { project }) => {
  test.skip(project.name !== 'webgpu', 'there is no GPU to lose');
  const studio = await begin(page, 2);
  await drawAndInterrupt(studio, 1, async () => {
    const devtools = await browser.newBrowserCDPSession();
    await devtools.send('Browser.crashGpuProcess');
  });
  await expectInterruption(studio, 1, /The graphics processor was lost/);
  await expect(studio.modelStatus).toContainText('on the GPU');
  await expectSameWithoutInterruption(studio);
});

test('an engine that ends is told, and the drawing goes on in another worker', async ({ page }, {
  project,
}) => {
  test.skip(project.name === 'webgpu', 'the same there, and slower');
  const studio = await begin(page, 6);
  await drawAndInterrupt(studio, 2, async () => {
    const worker = page.workers().find((each) => each.url().includes('/model.worker'));
    // An error that nothing catches ends a worker, like an abort of the engine.
    await worker?.evaluate(() => {
      setTimeout(() => {
        throw new Error('The engine aborted');
      });
    });
  });
  await expectInterruption(studio, 2, /The drawing engine stopped \(The engine aborted\)/);
  await expectSameWithoutInterruption(studio);
});

async function begin(page: Page, steps: number): Promise<StudioPage> {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.setStepsAndSeed({ steps, side: 64, seed: 3 });
  return studio;
}

/** Starts a drawing and interrupts it after a step. */
async function drawAndInterrupt(
  studio: StudioPage,
  step: number,
  interrupt: () => Promise<void>,
): Promise<void> {
  await studio.draw('a red house in the snow');
  await expect(studio.stepPreviews).toHaveCount(step, { timeout: 120_000 });
  await interrupt();
}

/** The page says what happened while the drawing goes on, and the result has a note. */
async function expectInterruption(studio: StudioPage, step: number, reason: RegExp): Promise<void> {
  const { page } = studio;
  const notice = page.getByRole('status').filter({ hasText: 'the drawing goes on after its last step' });
  await expect(notice).toContainText(reason);
  await studio.result();
  await expect(notice).toBeHidden();
  const note = page.getByRole('listitem').filter({ hasText: 'The drawing was interrupted' });
  await expect(note).toContainText(new RegExp(`went on after step [${step}-9]`));
  await expect(note).toContainText(reason);
}

async function expectSameWithoutInterruption(studio: StudioPage): Promise<void> {
  const interrupted = await saved(studio);
  await studio.page.getByRole('button', { name: 'Draw again', exact: true }).first().click();
  await expect(studio.saveButton).toBeHidden();
  await studio.result();
  await expect(studio.page.getByText('The drawing was interrupted')).toBeHidden();
  expect(Buffer.compare((await saved(studio)).data, interrupted.data)).toBe(0);
}
