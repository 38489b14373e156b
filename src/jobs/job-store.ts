/**
 * Everything that a person made, in IndexedDB: specs, events, snapshots of unfinished drawings, and the
 * bytes of pictures.
 *
 * Every method is one transaction: after a crash, or when the storage is full, it has happened as a whole or
 * not at all.
 *
 * | table | key | value |
 * |---|---|---|
 * | `jobs` | ID | {@link JobRow}: the spec, and what the person did with the job |
 * | `events` | [ID, number] | {@link StoredEvent}, from 0 |
 * | `snapshots` | ID | the last {@link DrawingSnapshot} of an unfinished drawing |
 * | `blobs` | {@link BlobKey} | Blob |
 * | `values` | name | other JSON or blobs, such as the references in the form |
 */

import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb';
import * as z from 'zod/mini';
import type { DrawingSnapshot, JobId } from '../protocol.ts';
import { drawingSnapshot } from '../protocol-values.ts';
import { blobsOf, type StoredEvent, storedEvent } from './job-events.ts';
import { type BlobKey, type JobSpec, jobSpec } from './job-spec.ts';

const DATABASE = 'omnigen2-studio';
/** Raised with every change of the tables; {@link migrate} makes the change. */
const SCHEMA_VERSION = 1;

/** A job of the store. */
export interface StoredJob {
  readonly spec: JobSpec;
  readonly events: readonly StoredEvent[];
  readonly starred: boolean;
}

const jobRow = z.looseObject({
  id: z.string(),
  spec: jobSpec,
  starred: z.boolean(),
  /** The tab that queued the job, and draws it. */
  owner: z.string(),
  /** Whether the job has its last event. */
  ended: z.boolean(),
  /** Deleted by the person at this time. The deletion can be undone until {@link JobStore.purge}. */
  deletedMs: z.optional(z.number()),
});
type JobRow = z.infer<typeof jobRow>;

interface Tables extends DBSchema {
  jobs: { key: string; value: unknown };
  events: { key: [string, number]; value: unknown };
  snapshots: { key: string; value: unknown };
  blobs: { key: string; value: Blob };
  values: { key: string; value: unknown };
}

type TableName = 'jobs' | 'events' | 'snapshots' | 'blobs' | 'values';

const ALL_EVENTS = Number.MAX_SAFE_INTEGER;

/**
 * The store of one origin.
 *
 * @example
 * const store = await JobStore.open({ onSuperseded: () => notify('Reload this tab.') });
 * const newest = await store.list({ limit: 20 });
 */
export class JobStore {
  readonly #db: IDBPDatabase<Tables>;

  private constructor(db: IDBPDatabase<Tables>) {
    this.#db = db;
  }

  /**
   * Opens the store.
   * @param onSuperseded is called when a newer version of the page, in another tab, needs the store. It is
   *   closed then: later calls fail.
   * @throws DOMException if the browser refuses storage, or an older tab does not close the store
   */
  static async open({ onSuperseded }: { readonly onSuperseded: () => void }): Promise<JobStore> {
    const db = await openDB<Tables>(DATABASE, SCHEMA_VERSION, {
      upgrade: (opened, from) => migrate(opened, from),
      blocking: (_current, _next, event) => {
        (event.target as IDBDatabase).close();
        onSuperseded();
      },
    });
    return new JobStore(db);
  }

  close(): void {
    this.#db.close();
  }

  /** Stores a new job with the files that it refers to. */
  async put(spec: JobSpec, owner: string, blobs: ReadonlyMap<BlobKey, Blob>): Promise<void> {
    const row: JobRow = { id: spec.id, spec, starred: false, owner, ended: false };
    await this.#write(['jobs', 'blobs'], async (tx) => {
      for (const [key, blob] of blobs) await tx.objectStore('blobs').put(blob, key);
      await tx.objectStore('jobs').put(row, spec.id);
    });
  }

  /**
   * Adds an event to a job, with the pictures in it. The last event deletes the snapshot.
   * @param index how many events the job has. A second event with the same index is refused.
   * @throws DOMException `ConstraintError` if the job has that event already
   */
  async append(
    id: JobId,
    index: number,
    event: StoredEvent,
    blobs: ReadonlyMap<BlobKey, Blob>,
    isLast: boolean,
  ): Promise<void> {
    await this.#write(['jobs', 'events', 'snapshots', 'blobs'], async (tx) => {
      for (const [key, blob] of blobs) await tx.objectStore('blobs').put(blob, key);
      await tx.objectStore('events').add(event, [id, index]);
      if (!isLast) return;
      const row = readRow(await tx.objectStore('jobs').get(id));
      if (row) await tx.objectStore('jobs').put({ ...row, ended: true }, id);
      await tx.objectStore('snapshots').delete(id);
    });
  }

  /** Replaces the snapshot of a job. */
  async snapshot(id: JobId, snapshot: DrawingSnapshot): Promise<void> {
    await this.#write(['snapshots'], (tx) => tx.objectStore('snapshots').put(snapshot, id));
  }

  /** The last snapshot of a job. */
  async snapshotOf(id: JobId): Promise<DrawingSnapshot | undefined> {
    const read = drawingSnapshot.safeParse(await this.#db.get('snapshots', id));
    return read.success ? read.data : undefined;
  }

  /**
   * Jobs that are not deleted, the newest first.
   * @param before lists older jobs than this one
   */
  async list({
    before,
    limit = ALL_EVENTS,
  }: {
    readonly before?: JobId;
    readonly limit?: number;
  } = {}): Promise<StoredJob[]> {
    const tx = this.#db.transaction(['jobs', 'events']);
    const jobs: StoredJob[] = [];
    const range = before === undefined ? undefined : IDBKeyRange.upperBound(before, true);
    let cursor = await tx.objectStore('jobs').openCursor(range, 'prev');
    while (cursor && jobs.length < limit) {
      const row = readRow(cursor.value);
      if (row && row.deletedMs === undefined) {
        const stored = await tx.objectStore('events').getAll(eventsOf(cursor.key));
        jobs.push(storedJob(row, stored));
      }
      cursor = await cursor.continue();
    }
    return jobs;
  }

  /** One job; undefined if there is none, or if it is deleted. */
  async get(id: JobId): Promise<StoredJob | undefined> {
    const tx = this.#db.transaction(['jobs', 'events']);
    const row = readRow(await tx.objectStore('jobs').get(id));
    if (!row || row.deletedMs !== undefined) return undefined;
    return storedJob(row, await tx.objectStore('events').getAll(eventsOf(id)));
  }

  /**
   * Gives jobs that have not ended to a tab, if the tab that queued them is gone. Oldest first.
   * @param isOpen whether a tab is still open
   */
  async adopt(owner: string, isOpen: (tab: string) => boolean): Promise<StoredJob[]> {
    return this.#write(['jobs', 'events'], async (tx) => {
      const adopted: StoredJob[] = [];
      let cursor = await tx.objectStore('jobs').openCursor();
      while (cursor) {
        const row = readRow(cursor.value);
        if (row && !row.ended && row.deletedMs === undefined && !isOpen(row.owner)) {
          await cursor.update({ ...row, owner });
          adopted.push(storedJob(row, await tx.objectStore('events').getAll(eventsOf(row.id))));
        }
        cursor = await cursor.continue();
      }
      return adopted;
    });
  }

  async star(id: JobId, starred: boolean): Promise<void> {
    await this.#change(id, (row) => ({ ...row, starred }));
  }

  /** Hides a job. {@link restore} undoes it until {@link purge}. */
  async delete(id: JobId, nowMs: number = Date.now()): Promise<void> {
    await this.#change(id, (row) => ({ ...row, deletedMs: nowMs }));
  }

  async restore(id: JobId): Promise<void> {
    await this.#change(id, ({ deletedMs: _, ...row }) => row);
  }

  /** Removes jobs that were deleted before a time, and then all blobs that no job refers to any more. */
  async purge(beforeMs: number): Promise<void> {
    await this.#write(['jobs', 'events', 'snapshots', 'blobs'], async (tx) => {
      const jobs = tx.objectStore('jobs');
      const events = tx.objectStore('events');
      let purged = false;
      for (let cursor = await jobs.openCursor(); cursor; cursor = await cursor.continue()) {
        const deletedMs = readRow(cursor.value)?.deletedMs;
        if (deletedMs === undefined || deletedMs >= beforeMs) continue;
        purged = true;
        await events.delete(eventsOf(cursor.key));
        await tx.objectStore('snapshots').delete(cursor.key);
        await cursor.delete();
      }
      // Only a job that goes leaves blobs behind.
      if (!purged) return;
      const used = new Set<string>();
      for (const value of await jobs.getAll()) {
        const row = readRow(value);
        // Nobody knows which blobs a job of another version has.
        if (!row) return;
        for (const { blob } of row.spec.inputs) used.add(blob);
      }
      for (const value of await events.getAll()) {
        for (const key of readEvents([value]).flatMap(blobsOf)) used.add(key);
      }
      for (const key of await tx.objectStore('blobs').getAllKeys()) {
        if (!used.has(key)) await tx.objectStore('blobs').delete(key);
      }
    });
  }

  /** The bytes of a picture or a file; undefined if they are gone. */
  blob(key: BlobKey): Promise<Blob | undefined> {
    return this.#db.get('blobs', key);
  }

  /** A value that {@link setValue} has stored. */
  value(name: string): Promise<unknown> {
    return this.#db.get('values', name);
  }

  async setValue(name: string, value: unknown): Promise<void> {
    await this.#write(['values'], (tx) => tx.objectStore('values').put(value, name));
  }

  async #change(id: JobId, change: (row: JobRow) => JobRow): Promise<void> {
    await this.#write(['jobs'], async (tx) => {
      const row = readRow(await tx.objectStore('jobs').get(id));
      if (row) await tx.objectStore('jobs').put(change(row), id);
    });
  }

  /** Does `work` in one transaction. An error undoes all of it. */
  async #write<Result>(
    tables: readonly TableName[],
    work: (tx: IDBPTransaction<Tables, TableName[], 'readwrite'>) => Promise<Result>,
  ): Promise<Result> {
    const tx = this.#db.transaction([...tables], 'readwrite');
    const done = tx.done.catch(
      (cause: unknown) => cause ?? new DOMException('the write failed', 'AbortError'),
    );
    try {
      const result = await work(tx);
      const failure = await done;
      if (failure) throw failure;
      return result;
    } catch (cause) {
      abort(tx);
      throw cause;
    }
  }
}

/** Undoes a transaction that has not ended. */
function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // It has ended.
  }
}

function migrate(db: IDBPDatabase<Tables>, from: number): void {
  if (from < 1) {
    for (const table of ['jobs', 'events', 'snapshots', 'blobs', 'values'] as const) {
      db.createObjectStore(table);
    }
  }
}

function eventsOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, ALL_EVENTS]);
}

/** A row of this version of the page; undefined for one that it does not understand, which stays as it is. */
function readRow(value: unknown): JobRow | undefined {
  const read = jobRow.safeParse(value);
  return read.success ? read.data : undefined;
}

/** The events up to the first one that is damaged. */
function readEvents(values: readonly unknown[]): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (const value of values) {
    const read = storedEvent.safeParse(value);
    if (!read.success) break;
    events.push(read.data);
  }
  return events;
}

function storedJob({ spec, starred }: JobRow, events: readonly unknown[]): StoredJob {
  return { spec, starred, events: readEvents(events) };
}
