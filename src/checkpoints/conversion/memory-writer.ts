/** Writes a folder into memory, for small checkpoints. */

import { sha256 } from 'hash-wasm';
import type { FolderWriter } from './writer.ts';

/** A writer that adds each file to `files`, by path, when the file is closed. */
export function memoryWriter(files: Map<string, Uint8Array>): FolderWriter {
  return {
    async open(path, sizeBytes) {
      const bytes = new Uint8Array(sizeBytes);
      bytes.set(files.get(path)?.subarray(0, sizeBytes) ?? []);
      return {
        async write(offset, part) {
          bytes.set(part, offset);
        },
        flush: async () => undefined,
        sha256: () => sha256(bytes),
        async close() {
          files.set(path, bytes);
        },
      };
    },
    clear: async () => files.clear(),
    sizeOf: async (path) => files.get(path)?.length,
  };
}
