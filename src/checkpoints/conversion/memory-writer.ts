/** Writes a folder into memory, for small checkpoints. */

import type { FolderWriter } from './execute.ts';

/** A writer that adds each file to `files`, by path, when the file is closed. */
export function memoryWriter(files: Map<string, Uint8Array>): FolderWriter {
  return {
    async create(path) {
      const parts: [offset: number, bytes: Uint8Array][] = [];
      return {
        async write(offset, bytes) {
          parts.push([offset, bytes.slice()]);
        },
        async close() {
          const whole = new Uint8Array(Math.max(0, ...parts.map(([offset, bytes]) => offset + bytes.length)));
          for (const [offset, bytes] of parts) whole.set(bytes, offset);
          files.set(path, whole);
        },
      };
    },
  };
}
