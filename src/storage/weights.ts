/**
 * Weights in the browser's own storage: fetched once, hashed, kept as Blobs in IndexedDB under their hash, and read
 * from there ever after. A second visit fetches the manifest and no weight byte; without a network it uses the
 * manifest of the last visit. Once another set of weights is complete, those that it does not need are deleted.
 */

import { MANIFEST_FILE, type Manifest, type ManifestFile, parseManifest } from '../checkpoints/manifest.ts';
import { OmniError } from '../errors.ts';
import { type Kept, keptUnder } from './kept.ts';

export interface LoadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Where the bytes come from; `cache` only if nothing has to be fetched. */
  readonly from: 'network' | 'cache';
}

export interface Bundle {
  /** The files by their path in the bundle. */
  readonly files: ReadonlyMap<string, Blob>;
  /** Said to the person if the browser did not keep them. */
  readonly note?: string;
}

/** Ends a fetch that stalls: no byte for this long. */
const STALL_MS = 60_000;

const HASH_PREFIX = 'sha256/';

/**
 * Gives every file of the bundle at `baseUrl`, from storage where it is there, else from the network. A browser that
 * keeps nothing gives the files all the same.
 * @throws OmniError `unreachable`, `bad_checkpoint` (wrong hash or size)
 */
export async function loadBundle(
  signal: AbortSignal,
  baseUrl: string,
  onProgress: (progress: LoadProgress) => void,
): Promise<Bundle> {
  const kept = keptUnder('omnigen2-weights');
  const folder = baseUrl.replace(/\/+$/, '');
  const manifestKey = `manifest/${folder}`;
  const manifest = await loadManifest(signal, folder, () => kept.get(manifestKey));
  const known = new Set(await kept.keys());
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
  let keepsAll = true;
  for (const file of manifest.files) {
    signal.throwIfAborted();
    const there = known.has(keyOf(file)) ? await readable(await kept.get(keyOf(file)), file) : undefined;
    if (there) {
      advance(file.sizeBytes);
      files.set(file.path, there);
      continue;
    }
    from = 'network';
    const blob = await fetchFile(signal, `${folder}/${file.path}`, file, advance);
    keepsAll = (await keep(kept, manifest, keyOf(file), blob)) && keepsAll;
    files.set(file.path, blob);
  }
  // Not before the files are there: until then the manifest of the last visit can still be drawn from.
  keepsAll = (await keep(kept, manifest, manifestKey, manifest)) && keepsAll;
  await deleteUnneeded(kept, manifest);
  return {
    files,
    note: keepsAll
      ? undefined
      : 'The browser did not keep the model, as its storage is full or switched off: the next visit fetches it again.',
  };
}

function keyOf(file: ManifestFile): string {
  return `${HASH_PREFIX}${file.sha256}`;
}

/** A kept value if it is the file and can be read: a browser may keep the entry of a Blob and lose its bytes. */
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

/** Keeps a value, if need be in the place of weights that `manifest` does not need. @returns whether it is kept */
async function keep(kept: Kept, manifest: Manifest, key: string, value: unknown): Promise<boolean> {
  if (await kept.set(key, value)) return true;
  await deleteUnneeded(kept, manifest);
  return kept.set(key, value);
}

async function deleteUnneeded(kept: Kept, manifest: Manifest): Promise<void> {
  const needed = new Set(manifest.files.map(keyOf));
  const unneeded = (await kept.keys()).filter((key) => key.startsWith(HASH_PREFIX) && !needed.has(key));
  if (unneeded.length > 0) await kept.delete(unneeded);
}

/** The manifest from the network, or the one of the last visit if what comes from there is none. */
async function loadManifest(
  signal: AbortSignal,
  folder: string,
  ofLastVisit: () => Promise<unknown>,
): Promise<Manifest> {
  const url = `${folder}/${MANIFEST_FILE}`;
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
    throw unreachable(url, 'the network is not there', cause);
  });
  if (!response.ok) throw unreachable(url, `the server answered ${response.status}`);
  const value: unknown = await response.json().catch((cause: unknown) => {
    throw unreachable(url, 'another page came in its place, perhaps the sign-in page of the network', cause);
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
    throw unreachable(url, stalled ? 'no byte came for a minute' : 'the connection broke', cause);
  } finally {
    clearTimeout(timer);
    // What is not wanted any more need not come.
    request.abort();
  }
  if (filled !== sizeBytes) throw unreachable(url, `only ${filled} of ${sizeBytes} bytes came`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hash !== sha256) throw damaged(path, 'does not have the hash that the manifest says');
  return new Blob([bytes]);
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
