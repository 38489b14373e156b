/** What the browser keeps for the page, in IndexedDB. It may refuse, and the page then does without. */

import { createStore, delMany, get, keys, set, type UseStore } from 'idb-keyval';

export interface Kept {
  keys(): Promise<readonly string[]>;
  /** The value kept under a key; undefined if there is none or it cannot be read. */
  get(key: string): Promise<unknown>;
  /** @returns whether the browser keeps the value */
  set(key: string, value: unknown): Promise<boolean>;
  delete(keys: readonly string[]): Promise<void>;
}

/** What is kept under `name`. A browser in private mode or with a full disk keeps nothing and no call fails. */
export function keptUnder(name: string): Kept {
  let store: UseStore | undefined;
  const use = async <T>(work: (store: UseStore) => Promise<T>, otherwise: T): Promise<T> => {
    try {
      store ??= createStore(name, 'files');
      return await work(store);
    } catch {
      return otherwise;
    }
  };
  return {
    keys: () => use((from) => keys<string>(from), []),
    get: (key) => use((from) => get<unknown>(key, from), undefined),
    set: (key, value) => use((into) => set(key, value, into).then(() => true), false),
    delete: (gone) => use((from) => delMany([...gone], from), undefined),
  };
}
