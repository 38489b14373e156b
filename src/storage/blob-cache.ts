/** A cache of Blobs and small values in IndexedDB. No call fails if the browser refuses to store them. */

import { createStore, delMany, get, keys, set, type UseStore } from 'idb-keyval';

export interface BlobCache {
  keys(): Promise<readonly string[]>;
  /** The value stored under a key, or undefined if there is none or it cannot be read. */
  get(key: string): Promise<unknown>;
  /** @returns whether the browser stored the value */
  set(key: string, value: unknown): Promise<boolean>;
  delete(keys: readonly string[]): Promise<void>;
}

/**
 * Opens a cache. It stays empty if the browser cannot store values (private mode, full disk).
 * @param name name of the IndexedDB database
 */
export function openBlobCache(name: string): BlobCache {
  let store: UseStore | undefined;
  const use = async <T>(work: (store: UseStore) => Promise<T>, fallback: T): Promise<T> => {
    try {
      store ??= createStore(name, 'files');
      return await work(store);
    } catch {
      return fallback;
    }
  };
  return {
    keys: () => use((from) => keys<string>(from), []),
    get: (key) => use((from) => get<unknown>(key, from), undefined),
    set: (key, value) => use((into) => set(key, value, into).then(() => true), false),
    delete: (unneeded) => use((from) => delMany([...unneeded], from), undefined),
  };
}
