/** Messages between the test, the page and the worker that installs. */

import type { InstallSource } from '../../src/storage/models.ts';

/** Which storage holds the models. */
export type Storage = 'opfs' | 'indexeddb';

/** What the worker is asked for. */
export type Task =
  | { readonly type: 'install'; readonly storage: Storage; readonly source: InstallSource }
  /** What the journals say is finished. */
  | { readonly type: 'journals'; readonly storage: Storage }
  /** SHA-256 of every file of the one complete model, or nothing. */
  | { readonly type: 'hashes'; readonly storage: Storage }
  | { readonly type: 'delete'; readonly storage: Storage };

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
  | { readonly type: 'deleted' };

/** Functions of the page for `page.evaluate`. */
export interface StorePage {
  /** Starts a worker that installs. Resolves when that has ended. */
  install(storage: Storage, source: InstallSource): Promise<Ending>;
  /** Ends the worker that installs, in the middle of whatever it does. */
  kill(): void;
  journals(storage: Storage): Promise<Journals>;
  hashes(storage: Storage): Promise<Readonly<Record<string, string>>>;
  delete(storage: Storage): Promise<void>;
}

declare global {
  var storePage: StorePage | undefined;
}
