import { defineConfig } from '@playwright/test';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS } from './scripts/browser-flags.mjs';
import { browserPath } from './scripts/browser-path.mjs';

const PORT = 4174;

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // The engine uses all processors, so two pages at once would wait for each other.
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['json', { outputFile: '.cache/results/e2e.json' }]],
  use: {
    baseURL: `http://localhost:${PORT}`,
    screenshot: 'only-on-failure',
    // A service worker would answer requests that tests answer. Tests about it allow it.
    serviceWorkers: 'block',
  },
  projects: [
    // Without a GPU the page falls back to WebAssembly.
    {
      name: 'wasm',
      use: { launchOptions: { executablePath: browserPath(), args: [...CHROMIUM_FLAGS] } },
    },
    // WebGPU on a software adapter. It is slow, so only tests that depend on the backend run there.
    {
      name: 'webgpu',
      testMatch: ['same-pictures.spec.ts', 'engine.spec.ts', 'loss.spec.ts'],
      use: {
        launchOptions: { executablePath: browserPath(), args: [...CHROMIUM_FLAGS, ...SOFTWARE_WEBGPU_FLAGS] },
      },
    },
  ],
  webServer: {
    command: `npx vite preview --port ${PORT} --strictPort`,
    url: `http://localhost:${PORT}`,
    reuseExistingServer: false,
  },
});
