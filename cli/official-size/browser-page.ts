/** The built page in a real Chromium, with the recorder and a profile on disk. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { build, preview } from 'vite';
import { StudioPage } from '../../e2e/studio-page.ts';
import { CHROMIUM_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { OmniError } from '../../src/errors.ts';
import { flattenRgba, type RgbImage } from '../../src/pictures/image.ts';
import { ROOT } from '../models.ts';
import { ANSWER_TOKENS, SETTINGS } from './jobs.ts';
import { MemorySampler } from './memory.ts';
import type { Moment } from './moments.ts';
import { type Recorded, recordWorker } from './recorder.ts';
import { WorkerSession } from './worker-session.ts';

/** Storage belongs to an origin, and the port is part of it. */
const PORT = 4187;
/** Time between two looks at what the page has recorded. */
const POLL_MS = 500;

/** Builds the page into `DIR/page`. */
export async function buildPage(dir: string): Promise<void> {
  await build({ root: ROOT, logLevel: 'error', build: { outDir: join(dir, 'page'), emptyOutDir: true } });
}

export class MeasuredPage {
  readonly studio: StudioPage;
  readonly page: Page;
  readonly worker: WorkerSession;
  /** Memory of the largest renderer process. */
  readonly memory: MemorySampler;
  readonly #close: () => Promise<void>;

  private constructor(page: Page, worker: WorkerSession, memory: MemorySampler, close: () => Promise<void>) {
    this.page = page;
    this.studio = new StudioPage(page);
    this.worker = worker;
    this.memory = memory;
    this.#close = close;
  }

  /**
   * Opens the page that {@link buildPage} has built.
   * @param picture path of the PNG file that questions are about
   */
  static async open(dir: string, picture: string, flags: readonly string[] = []): Promise<MeasuredPage> {
    const server = await preview({
      root: ROOT,
      build: { outDir: join(dir, 'page') },
      preview: { port: PORT, strictPort: true },
    });
    const context = await chromium.launchPersistentContext(join(dir, 'profile'), {
      executablePath: browserPath(),
      args: [...CHROMIUM_FLAGS, ...flags],
    });
    const memory = new MemorySampler(await processes(context, 'renderer'));
    const close = async () => {
      memory.stop();
      await context.close();
      await server.close();
    };
    try {
      // tsx names functions with this helper, which the page lacks.
      await context.addInitScript({ content: 'globalThis.__name = (value) => value;' });
      await context.addInitScript(recordWorker, {
        settings: SETTINGS,
        maxNewTokens: ANSWER_TOKENS,
        askedPicture: await readFile(picture, 'base64'),
      });
      const page = await context.newPage();
      page.setDefaultTimeout(0);
      const worker = await WorkerSession.attach(page);
      await page.goto(`http://localhost:${PORT}`);
      return new MeasuredPage(page, worker, memory, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Forgets what was recorded, before a job. */
  async reset(): Promise<void> {
    await this.page.evaluate(() => {
      globalThis.recorded = { moments: [] };
    });
  }

  /**
   * Waits until the page has recorded a moment.
   * @throws OmniError `device` with the words of the page if the job or the loading fails
   */
  async reached(
    signal: AbortSignal,
    name: string,
    onMoment: (moment: Moment) => void = () => undefined,
  ): Promise<Recorded> {
    let shown = 0;
    for (;;) {
      signal.throwIfAborted();
      const recorded = await this.page.evaluate(() => globalThis.recorded);
      const moments = recorded?.moments ?? [];
      for (const moment of moments.slice(shown)) onMoment(moment);
      shown = moments.length;
      if (recorded?.error !== undefined) throw failed(recorded.error);
      if (recorded && moments.some((moment) => moment.name === name)) return recorded;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** The picture that the page has recorded. */
export function recordedPicture({ picture }: Recorded): RgbImage {
  if (!picture) throw failed('The page has recorded no picture.');
  return flattenRgba(picture.width, picture.height, Buffer.from(picture.rgba, 'base64'));
}

/** Lists the IDs of the browser's processes of one type, such as `renderer` or `GPU`. */
export async function processes(
  context: BrowserContext,
  wanted: string,
): Promise<() => Promise<readonly number[]>> {
  const devtools = await context.browser()?.newBrowserCDPSession();
  if (!devtools) throw failed('The browser does not list its processes.');
  return async () => {
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === wanted).map(({ id }) => id);
  };
}

function failed(words: string): OmniError {
  return new OmniError({
    code: 'device',
    message: words,
    action: 'Run the same step again with --only.',
  });
}
