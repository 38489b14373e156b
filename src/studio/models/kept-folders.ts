/**
 * Folders that the browser lets the page read again in later visits, in IndexedDB. Only browsers with the
 * File System Access API give such folders to a page.
 */

import { createStore, del, entries, set, type UseStore } from 'idb-keyval';
import * as z from 'zod/mini';
import { type FolderSummary, folderSummary } from '../../models-protocol.ts';

export interface KeptFolder {
  readonly key: string;
  readonly name: string;
  readonly directory: FileSystemDirectoryHandle;
  readonly summary: FolderSummary;
}

/** The folders of earlier visits. A browser without storage has none. */
export interface KeptFolders {
  list(): Promise<readonly KeptFolder[]>;
  keep(folder: KeptFolder): Promise<void>;
  forget(key: string): Promise<void>;
}

const stored = z.object({
  name: z.string(),
  directory: z.custom<FileSystemDirectoryHandle>((value) => value instanceof FileSystemHandle),
  summary: folderSummary,
});

export function openKeptFolders(): KeptFolders {
  let store: UseStore | undefined;
  const use = async <T>(work: (store: UseStore) => Promise<T>, fallback: T): Promise<T> => {
    try {
      store ??= createStore('omnigen2-folders', 'folders');
      return await work(store);
    } catch {
      // Without storage a folder lasts for this visit.
      return fallback;
    }
  };
  return {
    list: () =>
      use(async (from) => {
        const all = await entries<string, unknown>(from);
        return all.flatMap(([key, value]) => {
          const read = stored.safeParse(value);
          return read.success ? [{ key, ...read.data }] : [];
        });
      }, []),
    keep: ({ key, ...folder }) => use((into) => set(key, folder, into), undefined),
    forget: (key) => use((from) => del(key, from), undefined),
  };
}
