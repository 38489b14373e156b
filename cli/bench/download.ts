/** The files that a first visit of the page downloads, in a real Chromium. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { build, type Plugin, preview } from 'vite';
import { StudioPage } from '../../e2e/studio-page.ts';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { builtInModel, ROOT } from '../models.ts';
import { figure, type Table } from './table.ts';

const PORT = 4175;
/** The default of common servers. */
const GZIP_LEVEL = 6;
/** Groups of files, by path. */
const GROUPS = [
  ['page: code, styles, fonts, pictures', (path: string) => !isEngine(path) && !isModel(path)],
  ['engine', isEngine],
  ['model', isModel],
  ['everything', () => true],
] as const;

interface Size {
  readonly bytes: number;
  readonly gzipBytes: number;
}

export async function downloadTable(): Promise<Table> {
  await builtInModel();
  await build({ logLevel: 'error' });
  const gpu = await filesOfVisit(SOFTWARE_WEBGPU_FLAGS);
  const processor = await filesOfVisit([]);
  const rows = [];
  for (const [name, belongs] of GROUPS) {
    const sizes = [await sizeOf(gpu.filter(belongs)), await sizeOf(processor.filter(belongs))];
    rows.push([name, ...sizes.flatMap(({ bytes, gzipBytes }) => [bytes, gzipBytes].map(megabytes))]);
  }
  return {
    title: 'What a first visit downloads',
    method:
      'Files of the built page that Chromium asks the server for until a first picture is drawn, on WebGPU (a software adapter) and ' +
      `on WebAssembly (no adapter). A second visit fetches no weights. With gzip: the same files compressed at level ${GZIP_LEVEL}.`,
    columns: ['what', 'WebGPU', 'WebGPU, with gzip', 'WebAssembly', 'WebAssembly, with gzip'],
    rows,
  };
}

/** The distinct paths that the browser requests. */
async function filesOfVisit(flags: readonly string[]): Promise<readonly string[]> {
  const paths = new Set<string>();
  const listen: Plugin = {
    name: 'listen',
    configurePreviewServer({ middlewares }) {
      middlewares.use(({ url = '/' }, _, next) => {
        const { pathname } = new URL(url, 'http://localhost');
        paths.add(pathname === '/' ? '/index.html' : pathname);
        next();
      });
    },
  };
  const server = await preview({ preview: { port: PORT, strictPort: true }, plugins: [listen] });
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...CHROMIUM_FLAGS, ...flags],
  });
  try {
    const page = await (await browser.newContext({ baseURL: `http://localhost:${PORT}` })).newPage();
    await page.goto('/');
    const studio = new StudioPage(page);
    await studio.modelReady();
    // WebAssembly fetches its engine with the first graph.
    await studio.checksItself.uncheck();
    await studio.setSteps(1);
    await studio.draw('a red house in the snow');
    await studio.result();
  } finally {
    await browser.close();
    await server.close();
  }
  return [...paths];
}

async function sizeOf(paths: readonly string[]): Promise<Size> {
  let bytes = 0;
  let gzipBytes = 0;
  for (const path of paths) {
    const content = await readFile(join(ROOT, 'dist', path));
    bytes += content.length;
    gzipBytes += gzipSync(content, { level: GZIP_LEVEL }).length;
  }
  return { bytes, gzipBytes };
}

function isEngine(path: string): boolean {
  return /\/ort[.-]/.test(path);
}

function isModel(path: string): boolean {
  return path.startsWith('/models/');
}

function megabytes(bytes: number): string {
  return `${figure(bytes / 1e6)} MB`;
}
