/**
 * Weights in the browser's own storage: fetched once, hashed, kept as Blobs in IndexedDB under their hash, and read
 * from there ever after. A second visit fetches the manifest and no weight byte; without a network it uses the
 * manifest of the last visit.
 */

import { createStore, get, keys, set, type UseStore } from 'idb-keyval';
import { MANIFEST_FILE, type Manifest, type ManifestFile, parseManifest } from '../checkpoints/manifest.ts';
import { OmniError } from '../errors.ts';

export interface LoadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Where the bytes come from; `cache` only if nothing has to be fetched. */
  readonly from: 'network' | 'cache';
}

/** Ends a fetch that stalls: no byte for this long. */
const STALL_MS = 60_000;

/**
 * Gives every file of the bundle at `baseUrl`, from storage where it is there, else from the network.
 * @returns the files as Blobs, by their path in the bundle
 * @throws OmniError `unreachable`, `bad_checkpoint` (wrong hash or size), `storage`
 */
export async function loadBundle(
  signal: AbortSignal,
  baseUrl: string,
  onProgress: (progress: LoadProgress) => void,
): Promise<Map<string, Blob>> {
  const store = createStore('omnigen2-weights', 'files');
  const folder = baseUrl.replace(/\/+$/, '');
  const manifest = await loadManifest(signal, store, folder);
  const known = new Set(await keys<string>(store));
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const from = manifest.files.every((file) => known.has(keyOf(file))) ? 'cache' : 'network';
  let doneBytes = 0;
  const advance = (bytes: number) => {
    doneBytes += bytes;
    onProgress({ doneBytes, totalBytes, from });
  };
  const files = new Map<string, Blob>();
  for (const file of manifest.files) {
    const kept = known.has(keyOf(file)) ? await get<Blob>(keyOf(file), store) : undefined;
    if (kept?.size === file.sizeBytes) {
      advance(file.sizeBytes);
      files.set(file.path, kept);
      continue;
    }
    const blob = await fetchFile(signal, `${folder}/${file.path}`, file, advance);
    await keep(store, keyOf(file), blob);
    files.set(file.path, blob);
  }
  return files;
}

function keyOf(file: ManifestFile): string {
  return `sha256/${file.sha256}`;
}

async function loadManifest(signal: AbortSignal, store: UseStore, baseUrl: string): Promise<Manifest> {
  const key = `manifest/${baseUrl}`;
  const url = `${baseUrl}/${MANIFEST_FILE}`;
  let response: Response;
  try {
    response = await fetch(url, { signal, cache: 'no-cache' });
    if (!response.ok) throw unreachable(url, `the server answered ${response.status}`);
  } catch (error) {
    signal.throwIfAborted();
    const kept = await get<unknown>(key, store);
    if (kept !== undefined) return parseManifest(kept, 'of the last visit');
    throw error instanceof OmniError ? error : unreachable(url, 'the network is not there', error);
  }
  const value: unknown = await response.json().catch(() => undefined);
  const manifest = parseManifest(value, url);
  await keep(store, key, manifest);
  return manifest;
}

async function fetchFile(
  signal: AbortSignal,
  url: string,
  { path, sizeBytes, sha256 }: ManifestFile,
  advance: (bytes: number) => void,
): Promise<Blob> {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), STALL_MS);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, stalled.signal]),
      cache: 'no-store',
    });
    if (!response.ok || !response.body) throw unreachable(url, `the server answered ${response.status}`);
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(), STALL_MS);
      if (filled + value.length > sizeBytes)
        throw damaged(path, `is longer than the ${sizeBytes} bytes it should have`);
      bytes.set(value, filled);
      filled += value.length;
      advance(value.length);
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof OmniError) throw cause;
    throw unreachable(
      url,
      stalled.signal.aborted ? 'no byte came for a minute' : 'the connection broke',
      cause,
    );
  } finally {
    clearTimeout(timer);
  }
  if (filled !== sizeBytes) throw unreachable(url, `only ${filled} of ${sizeBytes} bytes came`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hash !== sha256) throw damaged(path, 'does not have the hash that the manifest says');
  return new Blob([bytes]);
}

async function keep(store: UseStore, key: string, value: unknown): Promise<void> {
  try {
    await set(key, value, store);
  } catch (cause) {
    throw new OmniError({
      code: 'storage',
      message: 'The browser did not store the model: its storage is full or refused.',
      action: 'Free disk space or allow this page to store data, then load it again.',
      cause,
    });
  }
}

function unreachable(url: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'unreachable',
    message: `${url} could not be read: ${why}.`,
    action: 'Check the connection and try again; what was already fetched is kept.',
    cause,
  });
}

function damaged(path: string, how: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    permanent: false,
    message: `The file ${path} ${how}.`,
    action: 'Load the page again; if it stays so, the server holds a damaged copy.',
  });
}
