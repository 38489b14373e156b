/** A storage in a folder on disk, for tests under Node. */

import { openAsBlob } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { FileStore, OpenFile } from './files.ts';

/** Locks of all stores of this process, by absolute path. */
const locked = new Set<string>();

/**
 * A storage in the folder `root`, which is created when something is written. What is flushed survives the
 * end of the process, not of the machine. Its locks hold inside of this process only.
 */
export function diskFiles(root: string): FileStore {
  const at = (path: string) => join(root, ...path.split('/'));
  return {
    kind: 'disk',
    async list(folder) {
      const entries = await readdir(at(folder), { recursive: true, withFileTypes: true }).catch(() => []);
      return Promise.all(
        entries
          .filter((entry) => entry.isFile())
          .map(async (entry) => {
            const path = join(entry.parentPath, entry.name);
            const inside = path.slice(at(folder).length + 1);
            return { path: inside.replaceAll('\\', '/'), sizeBytes: (await stat(path)).size };
          }),
      );
    },
    async blob(path) {
      const info = await stat(at(path)).catch(() => undefined);
      return info?.isFile() ? openAsBlob(at(path)) : undefined;
    },
    async open(path) {
      await mkdir(dirname(at(path)), { recursive: true });
      // 'a' creates the file without emptying it; 'r+' allows writes at any position.
      await (await open(at(path), 'a')).close();
      return diskFile(await open(at(path), 'r+'));
    },
    move: (from, to) => rename(at(from), at(to)),
    delete: (path) => rm(at(path), { recursive: true, force: true }),
    async lock(name) {
      const key = `${resolve(root)}:${name}`;
      if (locked.has(key)) return undefined;
      locked.add(key);
      return () => locked.delete(key);
    },
    space: async () => ({}),
  };
}

function diskFile(handle: FileHandle): OpenFile {
  let open = true;
  return {
    sizeBytes: async () => (await handle.stat()).size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    async write(offset, bytes) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    },
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    flush: async () => undefined,
    async close() {
      if (!open) return;
      open = false;
      await handle.close();
    },
  };
}
