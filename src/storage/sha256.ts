/** SHA-256 of files that arrive, or are read, in pieces. */

import { createSHA256, type IHasher } from 'hash-wasm';
import type { OpenFile } from './files.ts';

const READ_BYTES = 2 ** 22;

export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The hash, hexadecimal. Nothing can be added afterwards. */
  digest(): string;
}

export async function startSha256(): Promise<Sha256> {
  const hasher: IHasher = await createSHA256();
  hasher.init();
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    digest: () => hasher.digest('hex'),
  };
}

/** Adds the first `sizeBytes` bytes of a file. */
export async function hashFile(
  signal: AbortSignal,
  hash: Sha256,
  file: Pick<OpenFile, 'read'>,
  sizeBytes: number,
): Promise<void> {
  for (let at = 0; at < sizeBytes; at += READ_BYTES) {
    signal.throwIfAborted();
    hash.update(await file.read(at, Math.min(READ_BYTES, sizeBytes - at)));
  }
}

/** The hash of a stored Blob, or undefined if the storage has lost its bytes. */
export async function hashBlob(signal: AbortSignal, blob: Blob): Promise<string | undefined> {
  const hash = await startSha256();
  try {
    for (let at = 0; at < blob.size; at += READ_BYTES) {
      signal.throwIfAborted();
      hash.update(new Uint8Array(await blob.slice(at, at + READ_BYTES).arrayBuffer()));
    }
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  return hash.digest();
}
