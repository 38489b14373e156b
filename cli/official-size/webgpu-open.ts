/** Opens all layers of the transformer in Chromium on WebGPU with a software adapter. */

import { chromium } from '@playwright/test';
import { createServer } from 'vite';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { OmniError } from '../../src/errors.ts';
import { ROOT } from '../models.ts';
import { processes } from './browser-page.ts';
import { MemorySampler } from './memory.ts';

export interface OpenedOnWebGpu {
  readonly seconds: number;
  readonly layers: number;
  /** Largest memory of the page's process. */
  readonly rendererBytes?: number;
  /** Largest memory of the process that holds the weights. */
  readonly gpuBytes?: number;
}

/** Time after opening in which memory is still sampled. */
const SETTLE_MS = 2000;

/** @throws OmniError `device` if the layers cannot be opened */
export async function openOnWebGpu(checkpoint: string): Promise<OpenedOnWebGpu> {
  const server = await createServer({
    root: ROOT,
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    logLevel: 'error',
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...CHROMIUM_FLAGS, ...SOFTWARE_WEBGPU_FLAGS],
  });
  const context = await browser.newContext();
  const memory: MemorySampler[] = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${server.resolvedUrls?.local[0]}e2e/harness/open-layers.html`);
    const input = page.getByLabel('Checkpoint');
    await input.setInputFiles(checkpoint);
    await page.waitForFunction(() => globalThis.openLayers !== undefined);
    const [renderer, gpu] = [
      new MemorySampler(await processes(context, 'renderer')),
      new MemorySampler(await processes(context, 'GPU')),
    ];
    memory.push(renderer, gpu);
    const opened = await input.evaluate((element) =>
      element instanceof HTMLInputElement ? globalThis.openLayers?.([...(element.files ?? [])]) : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    if (!opened) throw new Error('the page was reloaded');
    return {
      seconds: opened.seconds,
      layers: opened.layers,
      rendererBytes: renderer.peak()?.rssBytes,
      gpuBytes: gpu.peak()?.rssBytes,
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new OmniError({
      code: 'device',
      message: `The layers could not be opened on WebGPU: ${why}`,
      action: 'Run the step again with --only webgpu-open.',
      cause,
    });
  } finally {
    for (const sampler of memory) sampler.stop();
    await browser.close();
    await server.close();
  }
}
