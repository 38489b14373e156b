/** Installs of a checkpoint that is converted while it downloads. */

import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytesOf, editJson, refusal, shardFiles, WEIGHTS } from '../checkpoints/fixture.node.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { COMMIT, type Fault, FaultServer } from './fault-server.node.ts';
import { diskFiles } from './files.node.ts';
import { convertedFiles, fixtureFiles, temporaryFolder } from './fixtures.node.ts';
import type { InstallerSettings } from './installer.ts';
import { createModelStore } from './model-store.ts';
import type { InstallSource, ModelStore } from './models.ts';

const never = new AbortController().signal;
const SETTINGS: InstallerSettings = {
  transport: { attempts: 4, firstWaitMs: 5, longestWaitMs: 2000 },
  flushBytes: 250_000,
};

const source = await fixtureFiles();
shardFiles(source, WEIGHTS.transformer, 3);
const converted = await convertedFiles(source);
const server = await FaultServer.start(source);
afterAll(() => server.close());
const sourceBytes = [...source.values()].reduce((sum, { length }) => sum + length, 0);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  server.reset();
  for (const [path, bytes] of source) server.files.set(path, bytes);
});
afterEach(() => folder.remove());

const newStore = () => createModelStore(diskFiles(folder.path), SETTINGS);
const hub = (): InstallSource => ({ kind: 'hub', repository: 'owner/model', host: server.origin });
const address = (): InstallSource => ({ kind: 'address', url: server.folder });
const options = { signal: never, weights: 'q8' } as const;

/** Compares a stored model with the conversion of the whole folder in memory. */
async function expectConverted(store: ModelStore, id: string, expected = converted): Promise<void> {
  const opened = await store.open(id);
  const paths = (await opened.list()).map(({ path }) => path);
  expect(paths.sort()).toEqual(
    [...expected.keys()].filter((path) => !/^(manifest|conversion)/.test(path)).sort(),
  );
  for (const path of paths) {
    const file = await opened.file(path);
    const bytes = file instanceof Blob ? Buffer.from(await file.arrayBuffer()) : Buffer.from(file);
    expect(bytes.equals(bytesOf(expected, path)), path).toBe(true);
  }
}

describe.each([
  ['a hub', hub],
  ['an address', address],
])('from %s', (_, from) => {
  test('the result is that of the command line, and no byte is fetched twice', async () => {
    const store = newStore();
    const model = await store.install(from(), options);
    expect(model).toMatchObject({ state: 'complete', weights: 'q8' });
    // A hub's revision is replaced by the commit that was found.
    const shown = from === hub ? `owner/model@${COMMIT}` : server.folder;
    expect(model.source?.address).toBe(shown);
    await expectConverted(store, model.id);
    // An address is listed by asking for one byte of each file.
    expect(fetchedTwice(/\.safetensors$/)).toBeLessThanOrEqual(from === hub ? 0 : 5);
    expect(server.sentBytes()).toBeLessThan(sourceBytes + 20_000);
    // Only the model is left.
    expect(await diskFiles(folder.path).list(`models/${model.id}/source`)).toEqual([]);
  });
});

test('cuts, compressed ranges and 503 at every third request', async () => {
  const faults: readonly Fault[] = [
    { kind: 'cut', afterBytes: 9_000 },
    { kind: 'gzip-range' },
    { kind: 'status', status: 503 },
  ];
  let requests = 0;
  server.fault = () => (++requests % 3 === 0 ? faults[(requests / 3) % faults.length] : undefined);
  const store = newStore();
  const { id } = await store.install(hub(), options);
  await expectConverted(store, id);
});

test('a server without ranges is read through', async () => {
  server.fault = () => ({ kind: 'no-range' });
  const store = newStore();
  const { id } = await store.install(address(), options);
  await expectConverted(store, id);
});

test('a picked folder is converted, and continues after a pause only with the folder', async () => {
  const store = newStore();
  const picked = memoryFolder('tiny', source);
  const pause = new AbortController();
  const paused = store.install(
    { kind: 'folder', folder: picked },
    {
      signal: pause.signal,
      weights: 'q8',
      onProgress: ({ doneBytes, totalBytes }) => doneBytes > totalBytes / 2 && pause.abort(),
    },
  );
  await expect(paused).rejects.toThrow(/abort/);
  const [{ id, doneBytes }] = await store.list();
  expect(doneBytes).toBeGreaterThan(0);
  expect((await refusal(() => store.resume(id, { signal: never }))).message).toMatch(/has closed/);
  await store.resume(id, { signal: never, folder: picked });
  await expectConverted(store, id);

  await diskFiles(folder.path).delete(`models/${id}/files/vae/config.json`);
  const damaged = await refusal(() => store.verify(id, { signal: never }));
  expect(damaged.code).toBe('bad_checkpoint');
  expect(damaged.message).toMatch(/^vae\/config\.json of .* is damaged\. .*has closed/);
  await store.verify(id, { signal: never, folder: picked });
  await expectConverted(store, id);
});

test('another version of a shard on the server: versions are not mixed', async () => {
  const [path] = [...source.keys()].filter((name) => name.includes('00002-of-00003'));
  const changed = bytesOf(source, path).slice();
  // The lowest byte of a float32: other codes only where the value was near a step.
  for (let at = changed.length - 4000; at < changed.length; at += 4) changed[at + 2] ^= 0x40;
  server.fault = (request) => {
    if (request.path === path && request.count === 4) server.files.set(path, changed);
    return undefined;
  };
  const store = newStore();
  const notes: string[] = [];
  const { id } = await store.install(address(), {
    ...options,
    onProgress: ({ phase, note }) => note && notes.push(`${phase}: ${note}`),
  });
  expect(notes).toEqual([`converting: ${path} has changed on the server. The whole conversion starts over.`]);
  expect(server.files.get(path)).toBe(changed);
  await expectConverted(store, id, await convertedFiles(new Map([...source, [path, changed]])));
});

test('a file that keeps changing is refused', async () => {
  const path = WEIGHTS.mllm;
  server.fault = (request) => {
    if (request.path !== path) return undefined;
    const next = bytesOf(server.files, path).slice();
    next[next.length - 1] ^= request.count % 255;
    server.files.set(path, next);
    return undefined;
  };
  const error = await refusal(() => newStore().install(address(), options));
  expect(error.message).toMatch(/has changed on the server, again and again/);
});

test('a damaged converted file is converted again, and nothing else is', async () => {
  const store = newStore();
  const { id } = await store.install(hub(), options);
  const files = diskFiles(folder.path);
  const file = await files.open(`models/${id}/files/${WEIGHTS.vae}`);
  await file.write(5000, new Uint8Array([1, 2, 3, 4]));
  await file.close();
  server.reset();
  const result = await store.verify(id, { signal: never });
  expect(result).toMatchObject({ damaged: [WEIGHTS.vae], repaired: [WEIGHTS.vae] });
  await expectConverted(store, id);
  const weightsBytes = server.sent.filter(
    ({ path, start }) => path.startsWith('transformer/') && path.endsWith('.safetensors') && start > 50_000,
  ).length;
  expect(weightsBytes).toBe(0);
});

test('a token goes to the hub only, and is not stored', async () => {
  server.token = 'secret-token';
  const cdn = await FaultServer.start(source);
  try {
    server.fault = ({ path }) =>
      path.endsWith('.safetensors') ? { kind: 'redirect', to: `${cdn.folder}${path}` } : undefined;
    const without = await refusal(() => newStore().install(hub(), options));
    expect(without.message).toMatch(/only with an access token, or it does not exist \(status 401\)/);
    const wrong = await refusal(() => newStore().install(hub(), { ...options, token: 'wrong' }));
    expect(wrong.message).toMatch(/refuses the access token/);
    // The other server has never seen the token, so it cannot have refused it.
    cdn.token = 'token-of-the-other-server';
    const elsewhere = await refusal(() => newStore().install(hub(), { ...options, token: 'secret-token' }));
    expect(elsewhere.message).toMatch(/only with an access token/);
    cdn.token = undefined;
    const store = newStore();
    const { id } = await store.install(hub(), { ...options, token: 'secret-token' });
    await expectConverted(store, id);
    expect(cdn.requests.length).toBeGreaterThan(0);
    expect(cdn.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    for (const { path } of await diskFiles(folder.path).list(`models/${id}`)) {
      const blob = await diskFiles(folder.path).blob(`models/${id}/${path}`);
      expect(await blob?.text(), path).not.toContain('secret-token');
    }
  } finally {
    await cdn.close();
  }
});

test('a checkpoint of another model is refused before its weights are fetched', async () => {
  const other = new Map(source);
  editJson(other, 'transformer/config.json', (json) => Object.assign(json, { num_layers: 99 }));
  server.files.set('transformer/config.json', bytesOf(other, 'transformer/config.json'));
  const error = await refusal(() => newStore().install(address(), options));
  expect(error.code).toBe('bad_checkpoint');
  expect(server.sentBytes()).toBeLessThan(sourceBytes / 10);
});

/** Bytes of files that were sent more than once. */
function fetchedTwice(files: RegExp): number {
  let twice = 0;
  const seen = new Map<string, [start: number, end: number][]>();
  for (const { path, start, end } of server.sent.filter((each) => files.test(each.path))) {
    const before = seen.get(path) ?? [];
    for (const [from, to] of before) twice += Math.max(0, Math.min(end, to) - Math.max(start, from));
    seen.set(path, [...before, [start, end]]);
  }
  return twice;
}
