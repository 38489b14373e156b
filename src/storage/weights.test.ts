/** The cache of bundles that pages load: several side by side. */

import { afterAll, expect, test } from 'vitest';
import type { BlobCache } from './blob-cache.ts';
import { FaultServer } from './fault-server.node.ts';
import { bundleOf } from './fixtures.node.ts';
import { loadBundle } from './weights.ts';

const never = new AbortController().signal;

function bundle(texts: Record<string, string>): Map<string, Uint8Array> {
  return bundleOf(
    new Map(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)])),
  );
}

const first = await FaultServer.start(bundle({ 'a.json': 'first', 'shared.json': 'both' }));
const second = await FaultServer.start(bundle({ 'a.json': 'second', 'shared.json': 'both' }));
afterAll(async () => {
  await first.close();
  await second.close();
});

/** A cache that refuses Blobs beyond a number of entries. */
function memoryCache(
  maxEntries = Number.POSITIVE_INFINITY,
): BlobCache & { readonly map: Map<string, unknown> } {
  const map = new Map<string, unknown>();
  return {
    map,
    keys: async () => [...map.keys()],
    get: async (key) => map.get(key),
    async set(key, value) {
      if (!map.has(key) && map.size >= maxEntries) return false;
      map.set(key, value);
      return true;
    },
    async delete(keys) {
      for (const key of keys) map.delete(key);
    },
  };
}

async function load(cache: BlobCache, server: FaultServer): Promise<string[]> {
  server.reset();
  await loadBundle(never, { baseUrl: server.folder }, () => undefined, cache);
  return server.requests.map(({ path }) => path);
}

test('a second bundle leaves the files of the first', async () => {
  const cache = memoryCache();
  expect(await load(cache, first)).toEqual(['manifest.json', 'a.json', 'shared.json']);
  expect(await load(cache, second)).toEqual(['manifest.json', 'a.json']);
  expect(await load(cache, first)).toEqual(['manifest.json']);
});

test('files that no bundle needs any more are deleted', async () => {
  const cache = memoryCache();
  await load(cache, first);
  const old = [...cache.map.keys()];
  const files = new Map(first.files);
  for (const [path, bytes] of bundle({ 'a.json': 'newer' })) first.files.set(path, bytes);
  await load(cache, first);
  expect([...cache.map.keys()].filter((key) => old.includes(key))).toEqual([
    `manifest/${first.origin}/files`,
  ]);
  for (const [path, bytes] of files) first.files.set(path, bytes);
});

test('a full storage drops the files of other bundles', async () => {
  const cache = memoryCache(4);
  await load(cache, first);
  await load(cache, second);
  expect(await load(cache, second)).toEqual(['manifest.json']);
  expect(await load(cache, first)).toContain('a.json');
});
