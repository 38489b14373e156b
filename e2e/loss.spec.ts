/** A drawing that is interrupted goes on, and its picture is the one that it would have been. */

import { expect } from '@playwright/test';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { test } from './fixtures.ts';
import { beginSmall, expectSamePixels, hooks, options, saved } from './node-side.ts';
import type { StudioPage } from './studio-page.ts';

const PROMPT = 'a red house in the snow';
const SIDE = 64;

test('a lost GPU is told, and the drawing goes on', async ({ page, browser, nodeModel }, { project }) => {
  test.skip(project.name !== 'webgpu', 'there is no GPU to lose');
  const { studio, guidance } = await beginSmall(page, 2, SIDE);
  await drawAndInterrupt(studio, 1, async () => {
    const devtools = await browser.newBrowserCDPSession();
    await devtools.send('Browser.crashGpuProcess');
  });
  await expectInterruption(studio, 1, /The graphics processor was lost/);
  await expect(studio.modelStatus).toContainText('on the GPU');
  // Node is faster than a second drawing on a software adapter.
  const { picture } = await drawWithReflection(nodeModel, options(PROMPT, [], 2, guidance, SIDE), 1, hooks);
  expectSamePixels(await saved(studio), picture);
});

test('an engine that ends is told, and the drawing goes on in another worker', async ({ page }, {
  project,
}) => {
  test.skip(project.name === 'webgpu', 'the same there, and slower');
  const { studio } = await beginSmall(page, 20, SIDE);
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

test('a heap that is too small is told, and the drawing goes on with a smaller plan', async ({ page }, {
  project,
}) => {
  test.skip(project.name === 'webgpu', 'its weights are not in the heap');
  // The parts of the built-in model need 199 MB together at this size. The first worker gets 126 MB, as if
  // other tabs had the rest; those after it get all. Closer to the border the engine's threads decide what
  // fits.
  await page.route(
    /\/model\.worker-[\w-]+\.js$/,
    async (route) => {
      const response = await route.fetch();
      const limit = `{
        const { Memory } = WebAssembly;
        WebAssembly.Memory = function (size) {
          return new Memory({ ...size, maximum: 1920 });
        };
        WebAssembly.Memory.prototype = Memory.prototype;
      }`;
      await route.fulfill({ response, body: `${limit}\n${await response.text()}` });
    },
    { times: 1 },
  );
  const { studio } = await beginSmall(page, 2, SIDE);
  await studio.draw(PROMPT);
  const failure = page.getByRole('alert');
  await expect(failure).toContainText(/because this device has too little free memory\./, {
    timeout: 120_000,
  });
  await expect(failure).toContainText(/It can go on with less memory: the language model is closed/);
  await page.getByRole('button', { name: 'Go on with less memory' }).click();
  await expect(failure).toBeHidden();
  await studio.result();
  const note = page.getByRole('listitem').filter({ hasText: 'Memory was missing, so it went on with less.' });
  await expect(note).toContainText('The drawing was interrupted and went on after step 0.');
  await expectSameWithoutInterruption(studio);
});

/** Starts a drawing and interrupts it when a step, or a few more, has ended. */
async function drawAndInterrupt(
  studio: StudioPage,
  step: number,
  interrupt: () => Promise<void>,
): Promise<void> {
  await studio.draw(PROMPT);
  await studio.stepPreviews.nth(step - 1).waitFor({ timeout: 120_000 });
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
  await expect(note).toContainText(new RegExp(`went on after step ([${step}-9]|1\\d)\\b`));
  await expect(note).toContainText(reason);
}

async function expectSameWithoutInterruption(studio: StudioPage): Promise<void> {
  const interrupted = await saved(studio);
  await studio.page.getByRole('button', { name: 'Draw again', exact: true }).first().click();
  await expect(studio.saveButton).toBeHidden();
  await studio.result();
  await expect(studio.page.getByText('The drawing was interrupted')).toBeHidden();
  const whole = await saved(studio);
  expect(Buffer.compare(whole.data, interrupted.data)).toBe(0);
  // The picture has more than one colour.
  expect(new Set(whole.data).size).toBeGreaterThan(30);
}
