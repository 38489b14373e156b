/** The files of a storage: OPFS or IndexedDB in browsers, a folder on disk under Node. */

import type { FolderFile } from '../checkpoints/folder.ts';

/** A file that is open for reading and writing. Nobody else may write it at the same time. */
export interface OpenFile {
  sizeBytes(): Promise<number>;
  /** Reads up to `length` bytes; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes all of `bytes`. A gap before `offset` is filled with zeros. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Resolves when everything that was written is in the storage. */
  flush(): Promise<void>;
  /** Flushes and closes. Further calls do nothing. */
  close(): Promise<void>;
}

/** A storage. Paths are relative, with `/`. Errors of the storage are thrown as they are. */
export interface FileStore {
  readonly kind: 'opfs' | 'indexeddb' | 'disk';
  /**
   * The files in a folder and its subfolders, with paths relative to it. Empty if there is no such folder.
   */
  list(folder: string): Promise<readonly FolderFile[]>;
  /** A file as it is now, read in place, or undefined if there is none. Not for files that still change. */
  blob(path: string): Promise<Blob | undefined>;
  /** Opens a file and creates it, with its folders, if there is none. */
  open(path: string): Promise<OpenFile>;
  /** Renames a closed file. Replaces a file at `to`. */
  move(from: string, to: string): Promise<void>;
  /** Deletes a file, or a folder with everything in it. Does nothing if there is none. */
  delete(path: string): Promise<void>;
  /**
   * Takes a lock of this storage that ends with the tab. Returns its release, or undefined if it is taken.
   */
  lock(name: string): Promise<(() => void) | undefined>;
  /** What the browser says about space. */
  space(): Promise<{ quotaBytes?: number; persisted?: boolean }>;
}

/** Suffix of a file that is being written. */
export const PARTIAL = '.partial';

/** Writes a small file so that a crash leaves the old or the new one. */
export async function replaceFile(files: FileStore, path: string, bytes: Uint8Array): Promise<void> {
  const file = await files.open(path + PARTIAL);
  try {
    await file.truncate(0);
    await file.write(0, bytes);
    await file.flush();
  } finally {
    await file.close();
  }
  await files.move(path + PARTIAL, path);
}

/** Whether a storage refused a write because it is full. */
export function isStorageFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = 'code' in thrown ? thrown.code : undefined;
  return thrown.name === 'QuotaExceededError' || code === 'ENOSPC' || code === 'EDQUOT';
}
