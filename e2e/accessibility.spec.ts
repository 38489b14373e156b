/** axe finds nothing, in light and dark, on a desktop and on a phone. */

import { expect, type Page, test } from '@playwright/test';
import axe, { type AxeResults } from 'axe-core';
import { StudioPage } from './studio-page.ts';

async function expectNoViolations(page: Page, state: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
  );
  expect(found, state).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 390]) {
    test(`${colorScheme}, ${width} px wide`, async ({ browser, baseURL }) => {
      const context = await browser.newContext({ baseURL, colorScheme, viewport: { width, height: 844 } });
      const page = await context.newPage();
      // Every state up to a waiting picture; the model never comes.
      await page.route('**/models/**', () => undefined);
      const studio = new StudioPage(page);
      await studio.open();
      await expectNoViolations(page, 'first visit');
      await studio.makeButton.click();
      await expectNoViolations(page, 'nothing written');
      await studio.openMore();
      await studio.setNumber('Steps', 200);
      await expectNoViolations(page, 'settings');
      await studio.setNumber('Steps', 8);
      await studio.closeMore();
      await studio.give('blue-cat', 'sailboat');
      await studio.prompt.fill('the cat of image 1 beside the boat of image 3');
      await expectNoViolations(page, 'two pictures and a hint');
      await studio.makeButton.click();
      await studio.make('a red house');
      await expectNoViolations(page, 'waiting for the model');
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
      await context.close();
    });
  }
}

test('with a picture, its rounds and an answer', async ({ page }) => {
  test.setTimeout(300_000);
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await expectNoViolations(page, 'notice');
  await studio.checksItself.check();
  await page.getByLabel('Rounds at most').selectOption('2');
  await studio.drawQuickly(2);
  await studio.make('a red house in the snow');
  await expect(studio.rounds).toHaveCount(1);
  await expectNoViolations(page, 'drawing');
  await studio.result();
  await expectNoViolations(page, 'rounds');
  await page.getByRole('button', { name: 'Picture', exact: true }).click();
  await page.getByLabel('Your question').fill('What is in the picture?');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(page.getByRole('button', { name: /^Stop/ })).toBeHidden({ timeout: 120_000 });
  await expectNoViolations(page, 'picture and answer');
});
