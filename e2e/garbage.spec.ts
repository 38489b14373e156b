/** The browser may collect garbage at any time, also while the engine reads weights. */

import { expect, test } from '@playwright/test';
import { startDevServer } from '../cli/dev-server.ts';

test('garbage is collected while the engine reads large weights', async ({ page }) => {
  const server = await startDevServer();
  try {
    await page.goto(`${server.address}e2e/harness/large-weights.html`);
    await page.waitForFunction(() => globalThis.openLargeWeights !== undefined);
    const devtools = await page.context().newCDPSession(page);
    let opening = true;
    const collecting = (async () => {
      while (opening) await devtools.send('HeapProfiler.collectGarbage');
    })();
    expect(await page.evaluate(() => globalThis.openLargeWeights?.())).toBe(1);
    opening = false;
    await collecting;
  } finally {
    await server.close();
  }
});
