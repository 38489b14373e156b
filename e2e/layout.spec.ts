/** The picture fits the window, and nothing moves that the person did not move. */

import { expect, type Page } from '@playwright/test';
import { test } from './fixtures.ts';
import { StudioPage } from './studio-page.ts';

for (const [width, height] of [
  [1280, 800],
  [390, 844],
] as const) {
  test(`from the visit to the first picture, the layout shifts by less than 0.02, ${width} px wide`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height });
    await page.addInitScript(observeShifts);
    const studio = new StudioPage(page);
    await studio.open();
    await studio.modelReady();
    await expect(page.getByRole('status', { name: /CPU/ })).toBeVisible();
    await studio.setSteps(4);
    await studio.draw('a red house in the snow');
    await studio.result();
    const largest = await page.evaluate(() => shifts.toSorted((a, b) => b.value - a.value));
    const total = largest.reduce((sum, { value }) => sum + value, 0);
    expect(total, JSON.stringify(largest.slice(0, 5))).toBeLessThan(0.02);
  });
}

const WINDOWS = [
  { width: 1366, height: 768 },
  { width: 900, height: 700 },
  // 1280 x 800 at 200 %.
  { width: 640, height: 400 },
  // A phone on its side.
  { width: 844, height: 390 },
  { width: 390, height: 844 },
];

test('the picture, its progress and its steps fit into the window', async ({ studio }) => {
  const { page } = studio;
  const usual = page.viewportSize();
  await studio.setSteps(60);
  await studio.draw('a blue cat at night');
  const picture = page.getByRole('img', { name: /^Unfinished picture/ });
  await expect(picture).toBeVisible({ timeout: 60_000 });
  for (const size of WINDOWS) {
    await page.setViewportSize(size);
    await page.getByRole('region', { name: 'Canvas' }).evaluate((canvas) => canvas.scrollIntoView());
    const name = `${size.width} x ${size.height}`;
    for (const part of [picture, studio.stopButton, studio.stepPreviews.first()]) {
      await expect(part, name).toBeInViewport({ ratio: 1 });
    }
    expect(await widthBeyondWindow(page), name).toBe(0);
  }
  await studio.stopButton.click();
  await expect(page.getByRole('region', { name: 'Canvas' })).toBeFocused();
  if (usual) await page.setViewportSize(usual);
});

test('at 320 px nothing is cut off', async ({ studio }) => {
  const { page } = studio;
  const usual = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  await studio.addReferences('blue-cat');
  expect(await widthBeyondWindow(page)).toBe(0);
  await studio.setSteps(2);
  await studio.draw('Make it night.');
  await studio.result();
  expect(await widthBeyondWindow(page)).toBe(0);
  if (usual) await page.setViewportSize(usual);
});

test('a result that is chosen in the list comes into view, and stays while the next job starts', async ({
  studio,
}) => {
  const { page } = studio;
  const canvas = page.getByRole('region', { name: 'Canvas' });
  await studio.setSteps(1);
  await studio.draw('a red house');
  await studio.result();
  await studio.setSteps(30);
  await studio.draw('a blue cat');
  await studio.draw('a green frog');
  await page.getByRole('button', { name: 'Show: a red house' }).click();
  await expect(canvas).toBeFocused();
  const shown = canvas.getByRole('img', { name: 'Result: “a red house”' });
  await expect(shown).toBeInViewport({ ratio: 1 });
  const now = page.getByRole('region', { name: 'Drawing now' });
  await now.getByRole('button', { name: /^Stop/ }).click();
  await expect(now).toContainText('“a green frog”');
  await expect(now).toContainText(/Step \d+ of 30/);
  await expect(shown).toBeVisible();
  await now.getByRole('button', { name: /^Stop/ }).click();
  await expect(now).toBeHidden();
});

/** How far the page can be scrolled sideways, in pixels. */
function widthBeyondWindow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
}

interface Shift {
  readonly value: number;
  readonly sources: readonly string[];
}

declare const shifts: Shift[];

/** Collects the layout shifts that follow no input. */
function observeShifts(): void {
  interface LayoutShift extends PerformanceEntry {
    readonly value: number;
    readonly hadRecentInput: boolean;
    readonly sources: readonly { readonly node?: Node }[];
  }
  const isShift = (entry: PerformanceEntry): entry is LayoutShift => entry.entryType === 'layout-shift';
  const found: Shift[] = [];
  Object.assign(globalThis, { shifts: found });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries().filter(isShift)) {
      if (entry.hadRecentInput) continue;
      const sources = entry.sources.map(({ node }) => (node instanceof Element ? node.className : ''));
      found.push({ value: entry.value, sources: sources.map(String) });
    }
  }).observe({ type: 'layout-shift', buffered: true });
}
