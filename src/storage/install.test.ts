/** Installs of a bundle from a server with faults. */

import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { refusal } from '../checkpoints/fixture.node.ts';
import { type Fault, FaultServer, sha256 } from './fault-server.node.ts';
import { diskFiles } from './files.node.ts';
import { bundleOf, convertedFiles, finishedBytes, fixtureFiles, temporaryFolder } from './fixtures.node.ts';
import type { InstallerSettings } from './installer.ts';
import { createModelStore } from './model-store.ts';
import type { InstallProgress, InstallSource } from './models.ts';

const never = new AbortController().signal;
/** Short waits, so that every fault is over within a second. */
const LIMITS: InstallerSettings = {
  transport: { attempts: 4, firstWaitMs: 5, longestWaitMs: 2000 },
  flushBytes: 65_536,
};
/** For stalled connections. A busy machine may take others for stalled, too. */
const STALL: InstallerSettings = { ...LIMITS, transport: { ...LIMITS.transport, stallMs: 1000 } };
const WEIGHTS = 'transformer/diffusion_pytorch_model.safetensors';
/** Bytes that a cut may lose on their way. */
const LOST_BYTES = 70_000;

const files = bundleOf(await convertedFiles(await fixtureFiles()));
const server = await FaultServer.start(files);
afterAll(() => server.close());

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  server.reset();
});
afterEach(() => folder.remove());

const newStore = (settings = LIMITS) => createModelStore(diskFiles(folder.path), settings);
const storeFor = ({ kind }: Fault) => newStore(kind === 'stall' ? STALL : LIMITS);
const bundle = (): InstallSource => ({ kind: 'address', url: server.folder });
/** Bytes of all files, the manifest included. */
const allBytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);

/** Applies a fault to the first `times` requests for the weights. */
function weightsFault(fault: Fault, times = 1): void {
  server.fault = ({ path, count }) => (path === WEIGHTS && count <= times ? fault : undefined);
}

async function expectInstalled(store = newStore()): Promise<void> {
  const [model] = await store.list();
  expect(model).toMatchObject({ state: 'complete', doneBytes: model.totalBytes });
  const opened = await store.open(model.id);
  await openCheckpoint(opened);
  for (const { path } of await opened.list()) {
    const file = await opened.file(path);
    const bytes = file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
    expect(sha256(bytes), path).toBe(sha256(files.get(path) ?? new Uint8Array()));
  }
}

test('a bundle is fetched once, listed, opened and deleted', async () => {
  const store = newStore();
  const progress: InstallProgress[] = [];
  const model = await store.install(bundle(), { signal: never, onProgress: (at) => progress.push(at) });
  expect(server.sentBytes()).toBe(allBytes);
  await expectInstalled(store);
  expect(progress.at(-1)).toMatchObject({ phase: 'verifying', doneBytes: model.totalBytes });
  expect(Math.max(...progress.map(({ doneBytes }) => doneBytes))).toBe(model.totalBytes);

  server.reset();
  expect(await store.install(bundle(), { signal: never })).toEqual(model);
  expect(server.requests).toEqual([]);

  await store.delete(model.id);
  expect(await store.list()).toEqual([]);
  expect((await store.space()).usedBytes).toBe(0);
});

describe('a fault that passes', () => {
  test.each<[string, Fault]>([
    ['a cut connection', { kind: 'cut', afterBytes: 100_000 }],
    ['a cut before the first byte', { kind: 'cut', afterBytes: 0 }],
    ['a stalled connection', { kind: 'stall', afterBytes: 100_000 }],
    ['429', { kind: 'status', status: 429 }],
    ['503', { kind: 'status', status: 503, retryAfter: '0' }],
    ['500', { kind: 'status', status: 500 }],
    ['a compressed range', { kind: 'gzip-range' }],
  ])('%s: the file goes on at the next byte', async (_, fault) => {
    weightsFault(fault);
    await storeFor(fault).install(bundle(), { signal: never });
    await expectInstalled();
    const weights = files.get(WEIGHTS)?.length ?? 0;
    const received = 'afterBytes' in fault ? fault.afterBytes : 0;
    expect(server.sent.filter(({ path }) => path === WEIGHTS).map(({ end }) => end)).toContain(weights);
    // What is sent last may be lost with the connection.
    expect(server.sentBytes(WEIGHTS)).toBeLessThan(weights + LOST_BYTES);
    const asked = server.requests.filter(({ path }) => path === WEIGHTS).map((request) => request.asked);
    if (received > 0) expect(asked.some((at) => at > received - LOST_BYTES && at <= received)).toBe(true);
  });

  test('a connection that brings no byte: the next one asks for the same range', async () => {
    server.fault = ({ path, count }) =>
      path === WEIGHTS && count < 3 ? { kind: 'cut', afterBytes: count === 1 ? 100_000 : 0 } : undefined;
    await newStore().install(bundle(), { signal: never });
    const asked = server.requests.filter(({ path }) => path === WEIGHTS).map((request) => request.asked);
    expect(asked[1]).toBeGreaterThan(100_000 - LOST_BYTES);
    expect(asked).toEqual([0, asked[1], asked[1]]);
  });

  test('a wrong byte: the file is fetched again, and nothing else is', async () => {
    weightsFault({ kind: 'wrong-byte', offset: 70_000 });
    await newStore().install(bundle(), { signal: never });
    await expectInstalled();
    expect(server.sentBytes()).toBe(allBytes + (files.get(WEIGHTS)?.length ?? 0));
  });

  test('Retry-After is waited for, and said', async () => {
    weightsFault({ kind: 'status', status: 429, retryAfter: '1' });
    const notes: string[] = [];
    const start = performance.now();
    await newStore().install(bundle(), {
      signal: never,
      onProgress: ({ phase, note }) => note && notes.push(`${phase}: ${note}`),
    });
    expect(performance.now() - start).toBeGreaterThanOrEqual(1000);
    expect(notes.join()).toMatch(/^waiting: /);
    expect(notes.join()).toContain('asks for fewer requests (status 429). The next attempt is in 1 s.');
  });
});

test.each<[string, Fault]>([
  ['ignores ranges', { kind: 'no-range' }],
  ['compresses everything', { kind: 'gzip' }],
  ['is slow', { kind: 'slow', pieceBytes: 30_000, pauseMs: 5 }],
])('a server that %s is read through', async (_, fault) => {
  server.fault = () => fault;
  await newStore().install(bundle(), { signal: never });
  await expectInstalled();
  expect(server.sentBytes()).toBeLessThanOrEqual(allBytes);
});

test('a cut connection to a server without ranges is read through again, up to the next byte', async () => {
  server.fault = ({ path, count }) =>
    path === WEIGHTS && count === 1 ? { kind: 'cut', afterBytes: 100_000 } : { kind: 'no-range' };
  await newStore().install(bundle(), { signal: never });
  await expectInstalled();
});

describe('a fault that stays is refused in words', () => {
  test.each<[string, Fault, RegExp, string]>([
    ['cut', { kind: 'cut', afterBytes: 0 }, /could not be read: the connection was lost\.$/, 'unreachable'],
    ['stall', { kind: 'stall', afterBytes: 0 }, /no bytes arrived for 1 s\.$/, 'unreachable'],
    ['wrong byte', { kind: 'wrong-byte', offset: 9 }, /does not have the hash/, 'bad_checkpoint'],
    ['429', { kind: 'status', status: 429 }, /asks for fewer requests \(status 429\)\.$/, 'unreachable'],
    [
      'a long wait',
      { kind: 'status', status: 503, retryAfter: '9999' },
      /is busy \(status 503\)\.$/,
      'unreachable',
    ],
    ['404', { kind: 'status', status: 404 }, /^There is no .* \(status 404\)\.$/, 'unreachable'],
    [
      '401',
      { kind: 'status', status: 401 },
      /only with an access token, or it does not exist/,
      'unreachable',
    ],
    ['416', { kind: 'status', status: 416 }, /ends before byte 0 on the server/, 'bad_checkpoint'],
    ['418', { kind: 'status', status: 418 }, /refuses .* \(status 418\)\.$/, 'unreachable'],
  ])('%s', async (_, fault, words, code) => {
    weightsFault(fault, Number.POSITIVE_INFINITY);
    const store = storeFor(fault);
    const error = await refusal(() => store.install(bundle(), { signal: never }));
    expect(error.message).toMatch(words);
    expect(error.code).toBe(code);
    const [model] = await store.list();
    expect(model.state).toBe('partial');
    const finished = await finishedBytes(folder.path, model.id);
    server.reset();
    await store.resume(model.id, { signal: never });
    await expectInstalled(store);
    expect(server.sent.filter(({ path, start }) => start < (finished.get(path) ?? 0))).toEqual([]);
  });
});

describe('another version on the server', () => {
  test('during a download: the file starts again, and versions are not mixed', async () => {
    const changed = files.get(WEIGHTS)?.slice() ?? new Uint8Array();
    changed[changed.length - 1] ^= 1;
    server.fault = ({ path, count }) => {
      if (path === WEIGHTS && count === 2) server.files.set(WEIGHTS, changed);
      return path === WEIGHTS && count === 1 ? { kind: 'cut', afterBytes: 100_000 } : undefined;
    };
    const error = await refusal(() => newStore().install(bundle(), { signal: never }));
    expect(error.message).toMatch(/does not have the hash/);
    const asked = server.requests.filter(({ path }) => path === WEIGHTS).map((request) => request.asked);
    expect(asked[1]).toBeGreaterThan(100_000 - LOST_BYTES);
    expect(asked).toEqual([0, asked[1], 0]);

    // The server gets a manifest of the new version.
    for (const [path, bytes] of bundleOf(new Map(files).set(WEIGHTS, changed))) {
      server.files.set(path, bytes);
    }
    server.reset();
    const store = newStore();
    const [{ id }] = await store.list();
    await store.resume(id, { signal: never });
    expect(new Set(server.sent.map(({ path }) => path))).toEqual(new Set(['manifest.json', WEIGHTS]));
    for (const [path, bytes] of files) server.files.set(path, bytes);
  });
});
