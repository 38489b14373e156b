/** The page fetches one build of the engine, the one that its browser needs, and draws with it. */

import { expect, type Page, test } from '@playwright/test';
import { StudioPage } from './studio-page.ts';

const ENGINE = /ort-wasm-simd-threaded(?:\.(\w+))?-[\w-]+\.wasm$/;

test('with JSPI both backends use the smallest engine that can suspend', async ({ page }, { project }) => {
  // On a GPU other tests draw with it; here it loads and runs the first check of the device.
  expect(await enginesOfVisit(page, { draws: project.name !== 'webgpu' })).toEqual(['jspi']);
});

test('without JSPI the GPU needs the asyncify engine, and the CPU the plain one', async ({ page }, {
  project,
}) => {
  // The browser has JSPI, and a page cannot reach into its worker: the worker's script gets a first line.
  await page.route(/\/model\.worker-[\w-]+\.js$/, async (route) => {
    const response = await route.fetch();
    const body = `delete WebAssembly.Suspending;\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
  expect(await enginesOfVisit(page, { draws: true })).toEqual([
    project.name === 'webgpu' ? 'asyncify' : 'plain',
  ]);
});

/** Loads the model and draws a small picture. @returns the builds of the engine that the browser requested */
async function enginesOfVisit(page: Page, { draws }: { draws: boolean }): Promise<string[]> {
  const builds = new Set<string>();
  page.context().on('request', (request) => {
    const [file, build = 'plain'] = ENGINE.exec(new URL(request.url()).pathname) ?? [];
    if (file) builds.add(build);
  });
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  if (!draws) return [...builds];
  await studio.checksItself.uncheck();
  await studio.setStepsAndSeed({ steps: 1, side: 64, seed: 1 });
  await studio.draw('a red house in the snow');
  await studio.result();
  return [...builds];
}
