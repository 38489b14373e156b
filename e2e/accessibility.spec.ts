/** axe finds no violations, in light and dark, from phones to desktops. */

import { expect } from '@playwright/test';
import { expectNoViolations } from './axe.ts';
import { test, withholdModel } from './fixtures.ts';
import { StudioPage } from './studio-page.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 768, 390, 320]) {
    test(`${colorScheme}, ${width} px wide`, async ({ browser, baseURL }) => {
      const context = await browser.newContext({ baseURL, colorScheme, viewport: { width, height: 844 } });
      const page = await context.newPage();
      await withholdModel(page);
      const studio = new StudioPage(page);
      await studio.open();
      await expectNoViolations(page, 'first visit');
      await studio.drawButton.click();
      await expectNoViolations(page, 'empty prompt');
      await studio.openSettings();
      await studio.setNumber('Steps', 200);
      await expectNoViolations(page, 'settings');
      await studio.setNumber('Steps', 8);
      await studio.closeSettings();
      await studio.addReferences('blue-cat', 'sailboat');
      await studio.prompt.fill('the cat of image 1 beside the boat of image 3');
      await expectNoViolations(page, 'two references and a hint');
      await studio.drawButton.click();
      await studio.draw('a red house');
      await expectNoViolations(page, 'waiting for the model');
      await page.getByRole('link', { name: 'Models', exact: true }).click();
      await expect(page.getByRole('heading', { name: 'Models', exact: true })).toBeVisible();
      await expectNoViolations(page, 'models');
      await page.getByRole('radio', { name: /^Hub or web address/ }).check();
      await page.getByRole('button', { name: 'Download' }).click();
      await expectNoViolations(page, 'models, an empty address');
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
      await context.close();
    });
  }
}

// The notice about the missing GPU is checked in faults.spec.ts.
test('with a picture, its rounds and an answer', async ({ studio }) => {
  const { page } = studio;
  await studio.checksItself.check();
  await studio.maxRounds.selectOption('2');
  await studio.setSteps(2);
  await studio.draw('a red house in the snow');
  await expect(studio.rounds).toHaveCount(1);
  await expectNoViolations(page, 'drawing');
  await studio.result();
  await expectNoViolations(page, 'rounds');
  await page.getByRole('button', { name: 'Picture', exact: true }).click();
  await studio.ask('What is in the picture?');
  await expectNoViolations(page, 'picture and answer');
});
