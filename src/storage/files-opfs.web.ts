/**
 * A storage in the origin private file system (OPFS). Writes go through sync access handles, which exist in
 * workers only; everything else works in pages, too.
 * Source: File System Standard, https://fs.spec.whatwg.org/
 */

import type { FolderFile } from '../checkpoints/folder.ts';
import type { FileStore, OpenFile } from './files.ts';
import { webLock, webSpace } from './web-locks.web.ts';

/** A handle of a worker that was just ended may stay open for a moment. */
const OPEN_TRIES = 40;
const OPEN_WAIT_MS = 50;
/** Bytes of one step of a copy. */
const COPY_BYTES = 2 ** 23;

/** A handle of a worker. The types of pages do not have it. */
interface SyncHandle {
  getSize(): number;
  read(bytes: Uint8Array, at: { readonly at: number }): number;
  write(bytes: Uint8Array, at: { readonly at: number }): number;
  truncate(sizeBytes: number): void;
  flush(): void;
  close(): void;
}

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncHandle>;
}

interface MovableHandle {
  move(folder: FileSystemDirectoryHandle, name: string): Promise<void>;
}

/**
 * Opens the folder `name` of the OPFS, and creates it.
 * @throws DOMException if the browser has no OPFS, or refuses it
 */
export async function opfsFiles(name: string): Promise<FileStore> {
  const origin = await navigator.storage.getDirectory();
  const root = await origin.getDirectoryHandle(name, { create: true });

  const folderOf = async (path: string, create: boolean) => {
    const parts = path.split('/');
    const file = parts.pop() ?? '';
    let folder = root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return { folder, file };
  };
  const find = async (path: string) => {
    const { folder, file } = await folderOf(path, false);
    return folder.getFileHandle(file);
  };
  const open = async (path: string): Promise<OpenFile> => {
    const { folder, file } = await folderOf(path, true);
    return syncFile(await openHandle(await folder.getFileHandle(file, { create: true })));
  };
  return {
    kind: 'opfs',
    async list(path) {
      const folder = await missing(directory(root, path));
      return folder ? walk(folder, '') : [];
    },
    async blob(path) {
      const handle = await missing(find(path));
      return handle?.getFile();
    },
    open,
    async move(from, to) {
      const handle = await find(from);
      const { folder, file } = await folderOf(to, true);
      if (isMovable(handle)) return handle.move(folder, file);
      await copy(await open(from), await open(to));
      const source = await folderOf(from, false);
      await source.folder.removeEntry(source.file);
    },
    async delete(path) {
      const { folder, file } = (await missing(folderOf(path, false))) ?? {};
      if (folder && file) await missing(folder.removeEntry(file, { recursive: true }));
    },
    lock: (lock) => webLock(`${name}/${lock}`),
    space: webSpace,
  };
}

async function directory(root: FileSystemDirectoryHandle, path: string): Promise<FileSystemDirectoryHandle> {
  let folder = root;
  for (const part of path.split('/').filter((name) => name !== '')) {
    folder = await folder.getDirectoryHandle(part);
  }
  return folder;
}

async function walk(folder: FileSystemDirectoryHandle, base: string): Promise<FolderFile[]> {
  const found: FolderFile[] = [];
  for await (const [name, entry] of folder.entries()) {
    const path = base === '' ? name : `${base}/${name}`;
    if (isDirectory(entry)) found.push(...(await walk(entry, path)));
    else if (isFile(entry)) {
      // A file can be moved away while the folder is listed.
      const file = await missing(entry.getFile());
      if (file) found.push({ path, sizeBytes: file.size });
    }
  }
  return found;
}

/** The result, or undefined if an entry does not exist. */
async function missing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name)) {
      return undefined;
    }
    throw error;
  }
}

async function openHandle(handle: FileSystemFileHandle): Promise<SyncHandle> {
  if (!isSync(handle)) throw new Error('files are written in workers only');
  for (let tries = 1; ; tries++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      const busy = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!busy || tries === OPEN_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, OPEN_WAIT_MS));
    }
  }
}

function syncFile(handle: SyncHandle): OpenFile {
  return {
    sizeBytes: async () => handle.getSize(),
    async read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, handle.getSize() - offset)));
      const count = handle.read(bytes, { at: offset });
      return bytes.subarray(0, count);
    },
    async write(offset, bytes) {
      const count = handle.write(bytes, { at: offset });
      if (count !== bytes.length)
        throw new DOMException('The file was not written whole.', 'QuotaExceededError');
    },
    truncate: async (sizeBytes) => handle.truncate(sizeBytes),
    flush: async () => handle.flush(),
    close: async () => handle.close(),
  };
}

/** Copies a file and closes both. */
async function copy(from: OpenFile, to: OpenFile): Promise<void> {
  try {
    const size = await from.sizeBytes();
    await to.truncate(size);
    for (let at = 0; at < size; at += COPY_BYTES) await to.write(at, await from.read(at, COPY_BYTES));
    await to.flush();
  } finally {
    await from.close();
    await to.close();
  }
}

function isSync(handle: object): handle is SyncFileHandle {
  return 'createSyncAccessHandle' in handle;
}

function isMovable(handle: object): handle is MovableHandle {
  return 'move' in handle && typeof handle.move === 'function';
}

function isDirectory(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory';
}

function isFile(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === 'file';
}
