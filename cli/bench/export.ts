/** Time of a whole picture against a plain torch.onnx export of the same weights on the same engine. */

import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import * as ort from 'onnxruntime-node';
import type { Plugin } from 'vite';
import { CHROMIUM_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { draw } from '../../src/omnigen2/pipeline.ts';
import { startDevServer } from '../dev-server.ts';
import { builtInModel, openModel, ROOT, TRAINED, trainedDigest } from '../models.ts';
import { fromWords } from './cases.ts';
import {
  drawExported,
  EXPORT_FILE,
  type ExportInfo,
  exportSchema,
  PARTS,
  type Part,
  type RunPart,
} from './export/exported-model.ts';
import { type Drawer, type RaceResult, race } from './export/race.ts';
import { figure, median, type Table } from './table.ts';

const ROUNDS = 5;
const SCRIPT = fileURLToPath(new URL('../../training/export_onnx.py', import.meta.url));

/** Drawings of this project. The first has the settings and the weights of the export. */
const DRAWINGS = [
  { name: 'this project, float16 files', files: 'trained', settings: {} },
  { name: 'this project, served 8-bit files', files: 'served', settings: {} },
  {
    name: 'this project, served 8-bit files, TaylorSeer',
    files: 'served',
    settings: { acceleration: 'taylorseer' },
  },
] as const;

export async function exportTable(): Promise<Table> {
  const folder = join(ROOT, '.cache', `export-${(await trainedDigest()).slice(0, 8)}`);
  const info = await exported(folder);
  return {
    title: 'A picture against a plain torch.onnx export',
    method:
      `128 x 128 from words, 20 Euler steps, text guidance 4. The export is what torch.onnx.export${info ? ` of torch ${info.torch}` : ''} writes by default for the official ` +
      "code with the built-in model's weights in float32: text encoder, transformer for each guidance branch, VAE decoder " +
      '(training/export_onnx.py). It runs with the default options of the engine. This project computes in float32 too, with the settings of the row. ' +
      `Models are open, drawings alternate, median of ${ROUNDS} after a warm-up. The difference is the mean of all values of the pictures. ` +
      'The export is made if OMNIGEN2_OFFICIAL and OMNIGEN2_PYTHON are set as for the table "picture". Target: at least 2 x.',
    columns: ['engine', 'drawing', 'time', 'faster than the export', 'difference, grey levels'],
    rows: info ? await rowsOf(folder, info) : [['onnxruntime', 'not installed', '', '', '']],
  };
}

async function rowsOf(folder: string, info: ExportInfo): Promise<string[][]> {
  const node = await raceOnNode(folder, info);
  const page = await raceInChromium(folder, info);
  return [
    ...rowsOfRace('onnxruntime-node', node),
    ...rowsOfRace(`onnxruntime-web in Chromium, ${page.description}`, page),
  ];
}

function rowsOfRace(engine: string, { seconds, differences }: RaceResult): string[][] {
  const medians = seconds.map(median);
  return ['the export', ...DRAWINGS.map(({ name }) => name)].map((name, i) => [
    engine,
    name,
    `${figure(medians[i])} s`,
    i === 0 ? '' : `${figure(medians[0] / medians[i])} x`,
    i === 0 ? '' : figure(differences[i]),
  ]);
}

/** The export in a folder. Makes it with Python if it is missing; undefined if that is not installed. */
async function exported(folder: string): Promise<ExportInfo | undefined> {
  const file = join(folder, EXPORT_FILE);
  if (!existsSync(file)) {
    const { OMNIGEN2_OFFICIAL: official, OMNIGEN2_PYTHON: python } = process.env;
    if (!official || !python) return undefined;
    const args = ['--official', official, '--model', TRAINED, '--out', folder];
    const { status } = spawnSync(python, [SCRIPT, ...args, '--prompt', fromWords().prompt], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${SCRIPT} ended with ${status}`);
  }
  return exportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

async function raceOnNode(folder: string, info: ExportInfo): Promise<RaceResult> {
  const sessions = new Map<Part, ort.InferenceSession>();
  for (const part of PARTS) {
    sessions.set(part, await ort.InferenceSession.create(join(folder, `${part}.onnx`)));
  }
  const run: RunPart = async (part, feeds) => {
    const session = sessions.get(part);
    if (!session) throw new Error(`${part} is not open`);
    const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new ort.Tensor(type, data, dims),
    ]);
    const { data } = (await session.run(Object.fromEntries(tensors)))[session.outputNames[0]];
    if (!(data instanceof Float32Array)) throw new Error(`${part} does not give float32`);
    return data;
  };
  const models = { trained: await openModel(TRAINED), served: await openModel(await builtInModel()) };
  const input = fromWords(info.prompt);
  const ours = DRAWINGS.map(
    ({ files, settings }): Drawer =>
      async (seed) =>
        (await draw(models[files], { ...input, ...settings, seed })).image,
  );
  const result = await race([(seed) => drawExported(run, info, { ...input, seed }), ...ours], ROUNDS);
  for (const model of Object.values(models)) await model.dispose();
  for (const session of sessions.values()) await session.release();
  return result;
}

async function raceInChromium(
  folder: string,
  info: ExportInfo,
): Promise<RaceResult & { description: string }> {
  const folders = { export: folder, trained: TRAINED, served: await builtInModel() };
  const server = await startDevServer([servedFolders(folders)]);
  const browser = await chromium.launch({ executablePath: browserPath(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.address}cli/bench/export/page.html`);
    await page.waitForFunction(() => globalThis.raceInPage !== undefined);
    const input = fromWords(info.prompt);
    const paths = { trained: await filesOf(folders.trained), served: await filesOf(folders.served) };
    const drawings = DRAWINGS.map(({ files, settings }) => ({
      url: `/bench-files/${files}`,
      paths: paths[files],
      input: { ...input, ...settings },
    }));
    const request = { info, rounds: ROUNDS, exported: '/bench-files/export', plain: input, drawings };
    const result = await page.evaluate((sent) => globalThis.raceInPage?.(sent), request);
    if (!result) throw new Error('the page was reloaded');
    return result;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Serves folders under `/bench-files/NAME`. */
function servedFolders(folders: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'bench-files',
    configureServer(server) {
      server.middlewares.use('/bench-files', (request, response) => {
        const [, name, ...path] = normalize(decodeURIComponent(request.url ?? '')).split('/');
        const file = join(folders[name] ?? '', ...path);
        if (!(name in folders) || !existsSync(file)) {
          response.statusCode = 404;
          response.end();
          return;
        }
        createReadStream(file).pipe(response);
      });
    },
  };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
