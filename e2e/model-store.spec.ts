/**
 * The model store in real Chromium, in OPFS and in IndexedDB. 50 kills at random points, of workers and of
 * whole pages. The server counts what it sends. It is never asked for a finished byte again, and every
 * install ends complete, with the bytes of an undisturbed one.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { build, type PreviewServer, preview } from 'vite';
import { COMPONENTS, openCheckpoint } from '../src/checkpoints/checkpoint.ts';
import { planConversion } from '../src/checkpoints/conversion/plan.ts';
import { stepsOf } from '../src/checkpoints/conversion/steps.ts';
import { memoryFolder } from '../src/checkpoints/folder.ts';
import { parseManifest } from '../src/checkpoints/manifest.ts';
import { isObject } from '../src/json.ts';
import { FaultServer, sha256 } from '../src/storage/fault-server.node.ts';
import { diskFiles } from '../src/storage/files.node.ts';
import { bundleOf, convertedFiles, fixtureFiles } from '../src/storage/fixtures.node.ts';
import type { InstallSource } from '../src/storage/models.ts';
import { parseJournal } from '../src/storage/record.ts';
import { exerciseFiles } from './store/exercise.ts';
import type { Journals, Storage } from './store/messages.ts';

interface Case {
  readonly name: string;
  readonly storage: Storage;
  readonly kills: number;
  readonly served: 'bundle' | 'checkpoint';
  source(server: FaultServer): InstallSource;
}

const address = (server: FaultServer): InstallSource => ({ kind: 'address', url: server.folder });
const hub = (server: FaultServer): InstallSource => ({
  kind: 'hub',
  repository: 'owner/model',
  host: server.origin,
});

const CASES: readonly Case[] = [
  { name: 'a bundle in OPFS', storage: 'opfs', kills: 17, served: 'bundle', source: address },
  { name: 'a hub in OPFS', storage: 'opfs', kills: 15, served: 'checkpoint', source: hub },
  { name: 'an address in OPFS', storage: 'opfs', kills: 8, served: 'checkpoint', source: address },
  { name: 'a bundle in IndexedDB', storage: 'indexeddb', kills: 5, served: 'bundle', source: address },
  { name: 'a hub in IndexedDB', storage: 'indexeddb', kills: 5, served: 'checkpoint', source: hub },
];
/** Every fifth kill reloads the page in place of ending the worker. */
const RELOAD_EVERY = 5;

/** Finished bytes of a file of the source. */
interface FinishedRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

const source = await fixtureFiles();
const converted = await convertedFiles(source);
const plan = await planConversion(await openCheckpoint(memoryFolder('tiny', source)), { weights: 'q8' });
/** Hashes of the files of the installed model: what the manifest lists. */
const EXPECTED_HASHES = {
  bundle: hashesOf(bundleOf(converted)),
  checkpoint: hashesOf(converted),
};

let folder: string;
let pages: PreviewServer;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigen2-kills-'));
  await build({
    configFile: false,
    root: 'e2e/store',
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true, target: 'es2023', minify: false },
    worker: { format: 'es' },
  });
  pages = await preview({
    configFile: false,
    root: 'e2e/store',
    logLevel: 'error',
    build: { outDir: folder },
    preview: { port: 0 },
  });
});
test.afterAll(async () => {
  await pages.close();
  await rm(folder, { recursive: true });
});

test('the cases have 50 kills', () => {
  expect(CASES.reduce((sum, { kills }) => sum + kills, 0)).toBe(50);
});

for (const storage of ['opfs', 'opfs-without-move', 'indexeddb'] as const) {
  test(`${storage} behaves as a folder on disk`, async ({ page }) => {
    await page.goto(pages.resolvedUrls?.local[0] ?? '');
    const seen = await page.evaluate(async (kind) => globalThis.storePage?.exercise(kind), storage);
    const disk = await mkdtemp(join(tmpdir(), 'omnigen2-files-'));
    // As `page.evaluate` returns it.
    const expected: unknown = JSON.parse(JSON.stringify(await exerciseFiles(diskFiles(disk))));
    expect(JSON.parse(JSON.stringify(seen))).toEqual(expected);
    await rm(disk, { recursive: true });
  });
}

for (const [allowed, exposed] of [
  ['Range', 'ETag, Content-Range'],
  ['Range, If-Range', ''],
] as const) {
  test(`a server that allows ${allowed} and exposes ${exposed || 'nothing'} to other origins`, async ({
    page,
  }) => {
    const server = await FaultServer.start(source);
    Object.assign(server, { allowedHeaders: allowed, exposedHeaders: exposed });
    server.fault = ({ count }) => (count === 3 ? { kind: 'cut', afterBytes: 1000 } : undefined);
    try {
      await page.goto(pages.resolvedUrls?.local[0] ?? '');
      const ending = await page.evaluate(
        async (from) => globalThis.storePage?.install('opfs', from),
        address(server),
      );
      expect(ending).toEqual({ type: 'finished' });
      const hashes = await page.evaluate(async () => globalThis.storePage?.hashes('opfs'));
      expect(hashes).toEqual(EXPECTED_HASHES.checkpoint);
    } finally {
      await server.close();
    }
  });
}

for (const each of CASES) {
  test(`${each.name}: ${each.kills} kills`, async ({ page }) => {
    const random = randomNumbers(each.name);
    const server = await FaultServer.start(each.served === 'bundle' ? bundleOf(converted) : source);
    // One in ten connections is cut.
    server.fault = () =>
      random() < 0.1 ? { kind: 'cut', afterBytes: 1 + Math.floor(random() * 60_000) } : undefined;
    const total = [...server.files.values()].reduce((sum, { length }) => sum + length, 0);
    await page.goto(pages.resolvedUrls?.local[0] ?? '');
    const install = () =>
      page.evaluate(async ([storage, from]) => globalThis.storePage?.install(storage, from), [
        each.storage,
        each.source(server),
      ] as const);
    let refetchedBytes = 0;
    let killsWithProgress = 0;
    let before = { sent: 0, finished: [] as FinishedRange[] };
    /** Compares what was sent since the last kill with what was finished then. */
    const count = () => {
      for (const sent of server.sent.slice(before.sent)) {
        for (const { start, end } of before.finished.filter(({ path }) => path === sent.path)) {
          refetchedBytes += Math.max(0, Math.min(end, sent.end) - Math.max(start, sent.start));
        }
      }
    };
    try {
      for (let kills = 0; kills < each.kills; ) {
        // A reload ends the page that would answer.
        const ending = install().catch((error: unknown) => ({ type: 'broken', message: String(error) }));
        await Promise.race([ending, killPoint(server, random, total / each.kills)]);
        const reloads = kills % RELOAD_EVERY === RELOAD_EVERY - 1;
        if (reloads) await page.reload();
        else await page.evaluate(() => globalThis.storePage?.kill());
        const ended = await ending;
        if (!reloads) expect(['killed', 'finished'], JSON.stringify(ended)).toContain(ended?.type);
        count();
        if (ended?.type === 'finished') {
          // The kill came too late. The next ones come to a new install.
          await page.evaluate(async (storage) => globalThis.storePage?.delete(storage), each.storage);
          before = { sent: server.sent.length, finished: [] };
          continue;
        }
        kills++;
        const journals = await page.evaluate(
          async (storage) => globalThis.storePage?.journals(storage),
          each.storage,
        );
        const finished = finishedRanges(journals);
        if (finished.length > 0) killsWithProgress++;
        before = { sent: server.sent.length, finished };
      }
      expect(await install()).toEqual({ type: 'finished' });
      count();
      expect(refetchedBytes).toBe(0);
      expect(killsWithProgress).toBeGreaterThan(each.kills / 2);
      const hashes = await page.evaluate(
        async (storage) => globalThis.storePage?.hashes(storage),
        each.storage,
      );
      expect(hashes).toEqual(EXPECTED_HASHES[each.served]);
    } finally {
      await server.close();
    }
  });
}

/** Waits until the server has sent a random number of further bytes, and then for a random moment. */
async function killPoint(server: FaultServer, random: () => number, meanBytes: number): Promise<void> {
  await server.whenSent(server.sentBytes() + random() * 1.5 * meanBytes);
  await new Promise((resolve) => setTimeout(resolve, random() * 20));
}

/** Hashes of the files that the manifest lists. */
function hashesOf(files: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  const json: unknown = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
  const { files: listed } = parseManifest(json, 'of the test');
  return Object.fromEntries(listed.map(({ path }) => [path, sha256(files.get(path) ?? new Uint8Array())]));
}

/** What the journals of an install say is finished, as bytes of the source. */
function finishedRanges(journals: Journals | undefined): FinishedRange[] {
  const ranges: FinishedRange[] = [];
  for (const { file, bytes } of parseJournal(journals?.install ?? '').values()) {
    const path = file.replace(/^source\//, '');
    if (bytes > 0 && path !== 'converted/') ranges.push({ path, start: 0, end: bytes });
  }
  for (const line of (journals?.conversion ?? '').split('\n')) {
    const { file, steps } = conversionLine(line);
    const planned = COMPONENTS.flatMap((component) => plan.components[component]).find(
      ({ path }) => path === file,
    );
    const reads = planned
      ? stepsOf(planned)
          .slice(0, steps)
          .flatMap((step) => step.reads)
      : [];
    ranges.push(
      ...reads.map(({ path, offset, sizeBytes }) => ({ path, start: offset, end: offset + sizeBytes })),
    );
  }
  return ranges;
}

function conversionLine(line: string): { file?: unknown; steps: number } {
  try {
    const json: unknown = JSON.parse(line);
    if (!isObject(json)) return { steps: 0 };
    return { file: json.file, steps: typeof json.steps === 'number' ? json.steps : 0 };
  } catch {
    return { steps: 0 };
  }
}

/**
 * A generator of numbers from 0 to 1 that always gives the same ones. Source: mulberry32, T. Ettinger, 2017
 */
function randomNumbers(seed: string): () => number {
  let state = [...seed].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 17);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
