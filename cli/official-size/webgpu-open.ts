/** Opens all layers of the transformer in Chromium on WebGPU with a software adapter. */

import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build, preview } from 'vite';
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
  /** Largest memory of it without the browser's program, whose pages all processes of the browser share. */
  readonly rendererOwnBytes?: number;
  /** Largest memory of the process that holds the weights. */
  readonly gpuBytes?: number;
}

/** Time after opening in which memory is still sampled. */
const SETTLE_MS = 2000;

const PAGE = 'e2e/harness/open-layers.html';

/**
 * @param dir a folder for the page
 * @param checkpoint folder of the converted checkpoint
 * @throws OmniError `device` if the layers cannot be opened
 */
export async function openOnWebGpu(dir: string, checkpoint: string): Promise<OpenedOnWebGpu> {
  const outDir = join(dir, 'open-layers');
  await build({
    root: ROOT,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: join(ROOT, PAGE) } },
  });
  const server = await preview({ root: ROOT, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...CHROMIUM_FLAGS, ...SOFTWARE_WEBGPU_FLAGS],
  });
  const context = await browser.newContext();
  const memory: MemorySampler[] = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${server.resolvedUrls?.local[0]}${PAGE}`);
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
      rendererOwnBytes: renderer.ownPeakBytes(),
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
