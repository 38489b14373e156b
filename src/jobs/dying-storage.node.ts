/** IndexedDB in memory that dies at one of its writes, as when the tab is killed or the disk is full. */

import 'fake-indexeddb/auto';
import { IDBCursor, IDBFactory, IDBObjectStore } from 'fake-indexeddb';

/**
 * `before`: the write and its transaction do not happen. `after`: the write happens and its transaction is
 * committed, but the page does not learn it.
 */
export type Death = 'before' | 'after';

/** One database. {@link DyingStorage.revive} is the next visit. */
export class DyingStorage {
  readonly #factory = new IDBFactory();
  writes = 0;
  #dead = false;
  readonly #dieAt: number;
  readonly #death: Death;

  /** @param dieAt the write that is the last one, from 1 */
  constructor(dieAt: number, death: Death) {
    this.#dieAt = dieAt;
    this.#death = death;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Makes this database the one of `indexedDB`. */
  use(): void {
    Object.assign(globalThis, { indexedDB: this.#factory });
    current = this;
  }

  /** Whatever is committed is there again, and writes succeed from now on. */
  revive(): void {
    this.#dead = false;
    this.writes = Number.NEGATIVE_INFINITY;
  }

  /** @throws DOMException `AbortError` at the last write and after it */
  count(transaction: IDBTransaction): void {
    if (this.#dead) throw new DOMException('the storage is dead', 'AbortError');
    this.writes++;
    if (this.writes !== this.#dieAt) return;
    this.#dead = true;
    if (this.#death === 'after') return;
    transaction.abort();
    throw new DOMException('the storage dies', 'AbortError');
  }
}

let current: DyingStorage | undefined;

/** Has all writes of fake-indexeddb counted. */
function countWrites(): void {
  const ofStore: IDBObjectStore = IDBObjectStore.prototype;
  for (const name of ['put', 'add', 'delete'] as const) {
    const write = ofStore[name] as (this: IDBObjectStore, ...given: unknown[]) => IDBRequest;
    Object.assign(ofStore, {
      [name](this: IDBObjectStore, ...given: unknown[]) {
        current?.count(this.transaction);
        return write.apply(this, given);
      },
    });
  }
  const ofCursor: IDBCursor = IDBCursor.prototype;
  for (const name of ['update', 'delete'] as const) {
    const write = ofCursor[name] as (this: IDBCursor, ...given: unknown[]) => IDBRequest;
    Object.assign(ofCursor, {
      [name](this: IDBCursor, ...given: unknown[]) {
        const { source } = this;
        current?.count(('objectStore' in source ? source.objectStore : source).transaction);
        return write.apply(this, given);
      },
    });
  }
}

countWrites();
