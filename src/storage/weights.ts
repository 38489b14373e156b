/**
 * Weights in the browser's storage. Each file is fetched once, checked against its SHA-256 hash, and stored
 * as a Blob in IndexedDB under that hash. A second visit fetches only the manifest. Without a network it uses
 * the manifest of the last visit. Several bundles are stored side by side. When a bundle is stored, files
 * that no bundle needs are deleted; if the storage is full, files of other bundles are, too.
 */

import { MANIFEST_FILE, type Manifest, type ManifestFile, parseManifest } from '../checkpoints/manifest.ts';
import { OmniError } from '../errors.ts';
import { sha256Of } from '../sha256.ts';
import { type BlobCache, openBlobCache } from './blob-cache.ts';

export interface LoadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** `cache` if no file has to be fetched. */
  readonly from: 'network' | 'cache';
}

/** Where a bundle is served. */
export interface BundleSource {
  /** Address of the folder that holds `manifest.json`. */
  readonly baseUrl: string;
  /** Addresses of files that are not in that folder, by path in the bundle. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Bundle {
  /** The files by path in the bundle. */
  readonly files: ReadonlyMap<string, Blob>;
  /** A sentence for the person if the browser did not store all files. */
  readonly note?: string;
}

/** A fetch ends if no byte arrives for this long. */
const STALL_MS = 60_000;

const HASH_PREFIX = 'sha256/';
const MANIFEST_PREFIX = 'manifest/';

/**
 * Loads every file of a bundle: from the cache if it is there, else from the network. It works if the browser
 * stores nothing.
 * @param onProgress called when bytes arrive; sizes are in bytes
 * @param cache where files are stored. Default: a database of this origin
 * @throws OmniError `unreachable`, or `bad_checkpoint` if a file has the wrong hash or is too long
 *
 * @example
 * const baseUrl = 'https://example.org/model';
 * const { files } = await loadBundle(signal, { baseUrl }, ({ doneBytes, totalBytes }) =>
 *   console.log(`${doneBytes} of ${totalBytes} bytes`),
 * );
 * const checkpoint = await openCheckpoint(memoryFolder('model', files));
 */
export async function loadBundle(
  signal: AbortSignal,
  source: BundleSource,
  onProgress: (progress: LoadProgress) => void,
  cache: BlobCache = openBlobCache('omnigen2-weights'),
): Promise<Bundle> {
  const folder = source.baseUrl.replace(/\/+$/, '');
  const addressOf = (path: string) => source.files?.[path] ?? `${folder}/${path}`;
  const manifestKey = MANIFEST_PREFIX + folder;
  const manifest = await loadManifest(signal, addressOf(MANIFEST_FILE), () => cache.get(manifestKey));
  const known = new Set(await cache.keys());
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let from: LoadProgress['from'] = manifest.files.every((file) => known.has(keyOf(file)))
    ? 'cache'
    : 'network';
  let doneBytes = 0;
  const advance = (bytes: number) => {
    doneBytes += bytes;
    onProgress({ doneBytes, totalBytes, from });
  };
  const files = new Map<string, Blob>();
  let storedAll = true;
  for (const file of manifest.files) {
    signal.throwIfAborted();
    const cached = known.has(keyOf(file)) ? await readable(await cache.get(keyOf(file)), file) : undefined;
    if (cached) {
      advance(file.sizeBytes);
      files.set(file.path, cached);
      continue;
    }
    from = 'network';
    const blob = await fetchFile(signal, addressOf(file.path), file, advance);
    storedAll = (await store(cache, manifest, keyOf(file), blob)) && storedAll;
    files.set(file.path, blob);
  }
  // Stored last: until all files are stored, the manifest of the last visit remains usable without a network.
  storedAll = (await store(cache, manifest, manifestKey, manifest)) && storedAll;
  await deleteUnneeded(cache, [manifest, ...(await storedManifests(cache))]);
  return {
    files,
    note: storedAll
      ? undefined
      : 'The browser did not keep the model, because its storage is full or switched off. The next visit fetches it again.',
  };
}

function keyOf(file: ManifestFile): string {
  return `${HASH_PREFIX}${file.sha256}`;
}

/** A cached value if it is the file and is readable. Browsers may keep a Blob's entry and lose its bytes. */
async function readable(value: unknown, { sizeBytes }: ManifestFile): Promise<Blob | undefined> {
  if (!(value instanceof Blob) || value.size !== sizeBytes) return undefined;
  return value
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => value,
      () => undefined,
    );
}

/**
 * Stores a value. If the browser refuses, deletes weights that `manifest` does not need and tries again.
 * @returns whether the value is stored
 */
async function store(cache: BlobCache, manifest: Manifest, key: string, value: unknown): Promise<boolean> {
  if (await cache.set(key, value)) return true;
  await deleteUnneeded(cache, [manifest]);
  return cache.set(key, value);
}

/** The manifests of all bundles that were loaded. */
async function storedManifests(cache: BlobCache): Promise<Manifest[]> {
  const keys = (await cache.keys()).filter((key) => key.startsWith(MANIFEST_PREFIX));
  const values = await Promise.all(keys.map((key) => cache.get(key)));
  return values.flatMap((value) => {
    try {
      return [parseManifest(value, 'of another bundle')];
    } catch {
      return [];
    }
  });
}

async function deleteUnneeded(cache: BlobCache, manifests: readonly Manifest[]): Promise<void> {
  const needed = new Set(manifests.flatMap(({ files }) => files.map(keyOf)));
  const unneeded = (await cache.keys()).filter((key) => key.startsWith(HASH_PREFIX) && !needed.has(key));
  if (unneeded.length > 0) await cache.delete(unneeded);
}

/** The manifest from the network. If it cannot be fetched or parsed, the manifest of the last visit. */
async function loadManifest(
  signal: AbortSignal,
  url: string,
  ofLastVisit: () => Promise<unknown>,
): Promise<Manifest> {
  try {
    return await fetchManifest(signal, url);
  } catch (error) {
    signal.throwIfAborted();
    const value = await ofLastVisit();
    if (value !== undefined) return parseManifest(value, 'of the last visit');
    throw error;
  }
}

async function fetchManifest(signal: AbortSignal, url: string): Promise<Manifest> {
  const response = await fetch(url, { signal, cache: 'no-cache' }).catch((cause: unknown) => {
    throw unreachable(url, 'there is no network connection', cause);
  });
  if (!response.ok) throw unreachable(url, `the server answered ${response.status}`);
  const value: unknown = await response.json().catch((cause: unknown) => {
    throw unreachable(url, 'the server sent another page, perhaps the sign-in page of the network', cause);
  });
  return parseManifest(value, url);
}

async function fetchFile(
  signal: AbortSignal,
  url: string,
  { path, sizeBytes, sha256 }: ManifestFile,
  advance: (bytes: number) => void,
): Promise<Blob> {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  const request = new AbortController();
  let stalled = false;
  const stall = () => {
    stalled = true;
    request.abort();
  };
  let timer = setTimeout(stall, STALL_MS);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, request.signal]),
      cache: 'no-store',
    });
    if (!response.ok || !response.body) throw unreachable(url, `the server answered ${response.status}`);
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      clearTimeout(timer);
      timer = setTimeout(stall, STALL_MS);
      if (filled + value.length > sizeBytes)
        throw damaged(path, `is longer than the ${sizeBytes} bytes it should have`);
      bytes.set(value, filled);
      filled += value.length;
      advance(value.length);
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof OmniError) throw cause;
    throw unreachable(url, stalled ? 'no bytes arrived for a minute' : 'the connection was lost', cause);
  } finally {
    clearTimeout(timer);
    // Ends the response if an error left the loop.
    request.abort();
  }
  if (filled !== sizeBytes) throw unreachable(url, `only ${filled} of ${sizeBytes} bytes arrived`);
  if ((await sha256Of(bytes)) !== sha256) throw damaged(path, 'does not have the hash in the manifest');
  return new Blob([bytes]);
}

function unreachable(url: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'unreachable',
    message: `${url} could not be read: ${why}.`,
    action: 'Check the connection and try again. Files that were already fetched are kept.',
    cause,
  });
}

function damaged(path: string, how: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    permanent: false,
    message: `The file ${path} ${how}.`,
    action: 'Load the page again. If the error stays, the copy on the server is damaged.',
  });
}
