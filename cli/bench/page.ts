/** What a person waits for on the page, and the tab's memory: the built page in a real Chromium. */

import { type Browser, chromium, type Page } from '@playwright/test';
import { build, preview } from 'vite';
import { StudioPage } from '../../e2e/studio-page.ts';
import { CHROMIUM_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { builtInModel } from '../models.ts';
import { figure, median, type Table } from './table.ts';

const VISITS = 5;
const STEPS = 20;

export async function pageTable(): Promise<Table> {
  await builtInModel();
  await build({ logLevel: 'error' });
  const server = await preview({ preview: { port: 4175, strictPort: true } });
  const browser = await chromium.launch({ executablePath: browserPath(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = await (await browser.newContext({ baseURL: 'http://localhost:4175' })).newPage();
    const studio = new StudioPage(page);
    const first = await visit(page, studio);
    const later = [];
    for (let i = 0; i < VISITS; i++) later.push(await visit(page, studio));
    const idle = await memoryBytes(browser);
    await studio.checksItself.uncheck();
    await studio.setSteps(STEPS);
    const pictures = [];
    for (let i = 0; i < 3; i++) pictures.push(await timeOfPicture(studio));
    const after = await memoryBytes(browser);
    return {
      title: 'The page',
      method:
        'The built page in headless Chromium without a GPU (WebAssembly). "Ready to type": from the start of the navigation until ' +
        `the prompt accepts text. Second visits are medians of ${VISITS}. The picture: 128 x 128, ${STEPS} steps, with guidance and previews, from the click to the result; the ` +
        'first one includes opening the graphs. Memory: private memory of the renderer processes, as the system reports it.',
      columns: ['what', 'measured', 'target'],
      rows: [
        ['first visit, ready to type', ms(first.typingMs), ''],
        ['first visit, model ready', ms(first.modelMs), ''],
        ['second visit, ready to type', ms(median(later.map(({ typingMs }) => typingMs))), '< 1 s'],
        ['second visit, model ready', ms(median(later.map(({ modelMs }) => modelMs))), ''],
        ['first picture', ms(pictures[0]), '< 15 s'],
        ['later pictures', ms(median(pictures.slice(1))), '< 15 s'],
        ['memory of the tab, model ready', mb(idle), ''],
        ['memory of the tab, after three pictures', mb(after), ''],
      ],
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

async function visit(page: Page, studio: StudioPage): Promise<{ typingMs: number; modelMs: number }> {
  const start = performance.now();
  await page.goto('/');
  await studio.prompt.pressSequentially('a');
  const typingMs = performance.now() - start;
  await studio.modelReady();
  return { typingMs, modelMs: performance.now() - start };
}

async function timeOfPicture(studio: StudioPage): Promise<number> {
  const before = await studio.page.getByRole('img', { name: /^Result/ }).count();
  const start = performance.now();
  await studio.draw('a red house in the snow');
  if (before > 0) await studio.stopButton.waitFor();
  await studio.result();
  return performance.now() - start;
}

/** Private memory of all renderer processes in bytes (Linux only); undefined on other systems. */
async function memoryBytes(browser: Browser): Promise<number | undefined> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const { readFile } = await import('node:fs/promises');
  let sum = 0;
  for (const { type, id } of processInfo) {
    if (type !== 'renderer') continue;
    const rollup = await readFile(`/proc/${id}/smaps_rollup`, 'utf8').catch(() => undefined);
    if (rollup === undefined) return undefined;
    for (const [, kilobytes] of rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm))
      sum += Number(kilobytes) * 1024;
  }
  return sum;
}

function ms(value: number): string {
  return value < 1000 ? `${figure(value)} ms` : `${figure(value / 1000)} s`;
}

function mb(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown on this system' : `${figure(bytes / 1e6)} MB`;
}
