/** Messages between the test, the page and the worker that installs. */

import type { InstallSource } from '../../src/storage/models.ts';

/** Which storage holds the models. The second one is OPFS in a browser whose handles cannot move. */
export type Storage = 'opfs' | 'opfs-without-move' | 'indexeddb';

/** What the worker is asked for. */
export type Task =
  | { readonly type: 'install'; readonly storage: Storage; readonly source: InstallSource }
  /** What the journals say is finished. */
  | { readonly type: 'journals'; readonly storage: Storage }
  /** SHA-256 of every file of the one complete model, or nothing. */
  | { readonly type: 'hashes'; readonly storage: Storage }
  | { readonly type: 'delete'; readonly storage: Storage }
  /** Exercises the storage. */
  | { readonly type: 'exercise'; readonly storage: Storage };

/** How an install ended. */
export type Ending =
  | { readonly type: 'finished' }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'killed' };

/** The texts of the journals of all models. */
export interface Journals {
  readonly install: string;
  readonly conversion: string;
}

export type Answer =
  | Exclude<Ending, { type: 'killed' }>
  | { readonly type: 'journals'; readonly journals: Journals }
  | { readonly type: 'hashes'; readonly hashes: Readonly<Record<string, string>> }
  | { readonly type: 'deleted' }
  | { readonly type: 'exercised'; readonly seen: readonly unknown[] };

/** Functions of the page for `page.evaluate`. */
export interface StorePage {
  /** Starts a worker that installs. Resolves when that has ended. */
  install(storage: Storage, source: InstallSource): Promise<Ending>;
  /** Ends the worker that installs, in the middle of whatever it does. */
  kill(): void;
  journals(storage: Storage): Promise<Journals>;
  hashes(storage: Storage): Promise<Readonly<Record<string, string>>>;
  delete(storage: Storage): Promise<void>;
  exercise(storage: Storage): Promise<readonly unknown[]>;
}

declare global {
  var storePage: StorePage | undefined;
}
