/** Sources: what a person types, hostile listings, mirrors, and a full storage. */

import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusal } from '../checkpoints/fixture.node.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { FaultServer } from './fault-server.node.ts';
import { diskFiles } from './files.node.ts';
import type { FileStore } from './files.ts';
import { bundleOf, convertedFiles, fixtureFiles, temporaryFolder } from './fixtures.node.ts';
import { parseInstallSource } from './install-source.ts';
import { createModelStore } from './model-store.ts';

const never = new AbortController().signal;
const SETTINGS = { transport: { attempts: 2, firstWaitMs: 5, longestWaitMs: 100 }, flushBytes: 65_536 };

const converted = await convertedFiles(await fixtureFiles());
const files = bundleOf(converted);
const server = await FaultServer.start(files);
const mirror = await FaultServer.start(files);
afterAll(async () => {
  await server.close();
  await mirror.close();
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  for (const each of [server, mirror]) {
    each.reset();
    each.files.clear();
    for (const [path, bytes] of files) each.files.set(path, bytes);
  }
});
afterEach(() => folder.remove());

const newStore = (storage: FileStore = diskFiles(folder.path)) => createModelStore(storage, SETTINGS);
const install = (store = newStore()) =>
  store.install({ kind: 'address', url: server.folder }, { signal: never });

describe('what a person types', () => {
  test.each([
    ['OmniGen2/OmniGen2', { kind: 'hub', repository: 'OmniGen2/OmniGen2' }],
    [' OmniGen2/OmniGen2@v1.0 ', { kind: 'hub', repository: 'OmniGen2/OmniGen2', revision: 'v1.0' }],
    ['https://huggingface.co/OmniGen2/OmniGen2', { kind: 'hub', repository: 'OmniGen2/OmniGen2' }],
    [
      'https://huggingface.co/OmniGen2/OmniGen2/tree/refs/pr/1',
      { kind: 'hub', repository: 'OmniGen2/OmniGen2', revision: 'refs/pr/1' },
    ],
    ['https://example.org/m/manifest.json?x=1#y', { kind: 'address', url: 'https://example.org/m/' }],
    ['http://localhost:8080/a/b', { kind: 'address', url: 'http://localhost:8080/a/b/' }],
  ])('%s', (text, source) => {
    expect(parseInstallSource(text)).toEqual(source);
  });

  test.each([
    '',
    ' ',
    'OmniGen2',
    'a/b/c',
    '../x',
    '/etc/passwd',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'a/b@../c',
    'ftp://example.org/x',
    'data:text/plain,x',
    'https://',
    'https://user:secret@example.org/',
    'x'.repeat(5000),
  ])('%s is refused', async (text) => {
    const error = await refusal(() => parseInstallSource(text));
    expect(error.code).toBe('bad_request');
    expect(error.message).not.toContain('secret');
  });
});

describe('a hostile manifest is refused', () => {
  const good = { path: 'vae/config.json', sizeBytes: 3, sha256: '0'.repeat(64) };
  test.each<[string, unknown]>([
    ['no JSON object', 3],
    ['another format', { format: 2, files: [good] }],
    ['no files', { format: 1, files: [] }],
    ['a path that leaves the folder', { format: 1, files: [{ ...good, path: '../x' }] }],
    ['a hidden way out', { format: 1, files: [{ ...good, path: 'a/./../../x' }] }],
    ['an absolute path', { format: 1, files: [{ ...good, path: '/etc/passwd' }] }],
    ['a backslash', { format: 1, files: [{ ...good, path: 'a\\b' }] }],
    ['a dot in a path', { format: 1, files: [{ ...good, path: 'a/./b' }] }],
    ['a doubled path', { format: 1, files: [good, { ...good, path: 'VAE/config.json' }] }],
    ['a reserved name', { format: 1, files: [{ ...good, path: 'x.partial' }] }],
    ['a negative size', { format: 1, files: [{ ...good, sizeBytes: -1 }] }],
    ['half a byte', { format: 1, files: [{ ...good, sizeBytes: 0.5 }] }],
    ['an absurd size', { format: 1, files: [{ ...good, sizeBytes: 1e15 }] }],
    ['an absurd total', { format: 1, files: ['a', 'b'].map((path) => ({ ...good, path, sizeBytes: 9e11 })) }],
    ['no hash', { format: 1, files: [{ ...good, sha256: 'abc' }] }],
  ])('%s', async (_, manifest) => {
    server.files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    const store = newStore();
    const error = await refusal(() => install(store));
    expect(error.code).toBe('bad_checkpoint');
    expect(await store.list()).toEqual([]);
    expect((await store.space()).usedBytes).toBe(0);
  });

  test('one that says a wrong size', async () => {
    const small = files.get('vae/config.json')?.length ?? 0;
    const text = new TextDecoder().decode(files.get('manifest.json'));
    const wrong = text.replace(`"sizeBytes":${small}`, `"sizeBytes":${small + 1}`);
    server.files.set('manifest.json', new TextEncoder().encode(wrong));
    const error = await refusal(() => install());
    expect(error.message).toMatch(/has \d+ bytes on the server instead of \d+\.$/);
  });
});

test('a folder without a model is refused in a sentence', async () => {
  server.files.clear();
  const error = await refusal(() => install());
  expect(error.message).toMatch(/^There is no .*model_index\.json \(status 404\)\.$/);
});

test('a server that cannot be reached is refused in a sentence', async () => {
  const source = { kind: 'address', url: 'http://localhost:9/' } as const;
  const error = await refusal(() => newStore().install(source, { signal: never }));
  expect(error.message).toMatch(
    /could not be read: (the server refuses connections|the connection was lost)\.$/,
  );
});

test('a mirror takes over in the middle of a file, and when the first server is gone', async () => {
  const weights = 'transformer/diffusion_pytorch_model.safetensors';
  server.fault = ({ path, count }) => {
    if (path !== weights) return undefined;
    return count === 1 ? { kind: 'cut', afterBytes: 100_000 } : { kind: 'status', status: 500 };
  };
  const source = { kind: 'address', url: server.folder, mirrors: [mirror.folder] } as const;
  const store = newStore();
  const { id } = await store.install(source, { signal: never });
  expect(mirror.requests.map(({ path }) => path)).toEqual([weights]);
  expect(mirror.requests[0].asked).toBeGreaterThan(0);
  await store.delete(id);
  server.fault = () => ({ kind: 'status', status: 404 });
  expect((await store.install(source, { signal: never })).state).toBe('complete');
});

test('two models lie side by side, and each is verified and deleted alone', async () => {
  const store = newStore();
  const first = await install(store);
  const second = await store.install(
    { kind: 'address', url: mirror.folder },
    { signal: never, name: 'Other' },
  );
  expect((await store.list()).map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
  const damaged = await diskFiles(folder.path).open(`models/${first.id}/files/vae/config.json`);
  await damaged.write(0, new Uint8Array([0]));
  await damaged.close();
  server.reset();
  mirror.reset();
  expect(await store.verify(second.id, { signal: never })).toMatchObject({ damaged: [] });
  expect(await store.verify(first.id, { signal: never })).toMatchObject({ repaired: ['vae/config.json'] });
  expect(server.requests.map(({ path }) => path)).toEqual(['vae/config.json']);
  expect(mirror.requests).toEqual([]);
  await store.delete(first.id);
  expect((await store.list()).map(({ name }) => name)).toEqual(['Other']);
  await store.open(second.id);
});

test('a lost file is said when a model is opened', async () => {
  const store = newStore();
  const { id } = await install(store);
  await diskFiles(folder.path).delete(`models/${id}/files/vae/config.json`);
  expect((await refusal(() => store.open(id))).message).toMatch(/has lost vae\/config\.json/);
});

test('a model without a readable record can only be deleted', async () => {
  const store = newStore();
  const { id } = await install(store);
  const record = await diskFiles(folder.path).open(`models/${id}/model.json`);
  await record.truncate(10);
  await record.close();
  const [model] = await store.list();
  expect(model).toMatchObject({ id, state: 'damaged' });
  expect(model.source).toBeUndefined();
  for (const use of [
    () => store.resume(id, { signal: never }),
    () => store.verify(id, { signal: never }),
    () => store.open(id),
  ]) {
    const error = await refusal(use);
    expect(error.message).toBe(`What is stored of ${id} is damaged.`);
    expect(error.action).toBe('Delete it and install it again.');
  }
  await store.delete(id);
  expect(await store.list()).toEqual([]);
});

test('a converted folder is copied, because nothing would change', async () => {
  const plain = new Map([...converted].filter(([path]) => path !== 'manifest.json'));
  const store = newStore();
  const options = { signal: never, weights: 'q8' } as const;
  const { id } = await store.install({ kind: 'folder', folder: memoryFolder('mine', plain) }, options);
  await store.open(id);
  for (const path of plain.keys()) server.files.set(path, plain.get(path) ?? new Uint8Array());
  server.files.delete('manifest.json');
  const remote = await store.install({ kind: 'address', url: server.folder }, options);
  expect(remote.state).toBe('complete');
});

test('a full storage is said with what to delete, and what has arrived is kept', async () => {
  const store = newStore();
  const { name } = await store.install(
    { kind: 'address', url: mirror.folder },
    { signal: never, name: 'Old one' },
  );
  let room = 1_000_000;
  const disk = diskFiles(folder.path);
  const full = createModelStore(
    {
      ...disk,
      async open(path) {
        const file = await disk.open(path);
        return {
          ...file,
          async write(offset, bytes) {
            room -= bytes.length;
            if (room < 0) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
            await file.write(offset, bytes);
          },
        };
      },
    },
    SETTINGS,
  );
  const error = await refusal(() => install(full));
  expect(error).toMatchObject({ code: 'storage', permanent: false });
  expect(error.message).toBe('The storage of the browser is full; what has arrived of files is kept.');
  expect(error.action).toMatch(
    new RegExp(`^Delete ${name} \\(2\\.9 MB\\), or free space on the disk, and click “Resume”\\.$`),
  );
  const partial = (await store.list()).find(({ state }) => state === 'partial');
  expect(partial?.doneBytes).toBeGreaterThan(500_000);
  server.reset();
  await store.resume(partial?.id ?? '', { signal: never });
  expect(server.sentBytes()).toBeLessThan(2_500_000);
});

test('one install of a model at a time', async () => {
  const store = newStore();
  const first = install(store);
  const error = await refusal(() => install(newStore()));
  expect(error.message).toMatch(/is being installed/);
  await first;
});
