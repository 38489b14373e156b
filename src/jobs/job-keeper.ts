/**
 * Writes jobs to the store while they happen. Calls return at once; writes of one job happen in their order.
 */

import { type DrawingSnapshot, isLastEvent, type JobEvent, type JobId, type Picture } from '../protocol.ts';
import { sha256Of } from '../sha256.ts';
import { type StoredEvent, type StoredPicture, subjectOf, toStored } from './job-events.ts';
import type { BlobKey, JobInput, JobSpec } from './job-spec.ts';
import type { JobStore } from './job-store.ts';

/** A spec before its files are stored: it has the files themselves. */
export type NewJobSpec = {
  [Kind in JobSpec['kind']]: Omit<Extract<JobSpec, { kind: Kind }>, 'inputs'> & {
    readonly inputs: readonly { readonly file: Blob; readonly name: string }[];
  };
}[JobSpec['kind']];

export interface KeeperOptions {
  readonly store: Pick<JobStore, 'put' | 'append' | 'snapshot'>;
  /** The tab that draws the jobs. */
  readonly owner: string;
  /** Encodes a picture without loss. */
  encode(picture: Picture): Promise<Blob>;
  /** Is called when a job has changed in the store. */
  onWritten(id: JobId): void;
  /** Is called when a job cannot be stored. Its later events are not stored either. */
  onFailure(id: JobId, cause: unknown): void;
}

interface Kept {
  /** Number of stored events. */
  count: number;
  /** What is stored once: steps, picture and report of each round. */
  readonly known: Set<string>;
  writing: Promise<void>;
  /** The newest snapshot that is not written yet. */
  snapshot?: DrawingSnapshot;
  ended: boolean;
  failed: boolean;
}

export class JobKeeper {
  readonly #options: KeeperOptions;
  readonly #jobs = new Map<JobId, Kept>();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Stores a job that a person has just queued. */
  queued(spec: NewJobSpec): void {
    this.#begin(spec.id, []);
    this.#write(spec.id, async () => {
      const blobs = new Map<BlobKey, Blob>();
      const inputs: JobInput[] = [];
      for (const { file, name } of spec.inputs) {
        const blob = await keyOf(file);
        blobs.set(blob, file);
        inputs.push({ blob, name });
      }
      await this.#options.store.put({ ...spec, inputs }, this.#options.owner, blobs);
    });
  }

  /**
   * Goes on with a job that the store has already. Its last snapshot can be older than its last event, so
   * events that are stored happen again: they are not stored twice.
   */
  goesOn(id: JobId, stored: readonly StoredEvent[]): void {
    this.#begin(id, stored);
  }

  event(id: JobId, event: JobEvent): void {
    const kept = this.#jobs.get(id);
    if (!kept || kept.ended) return;
    const isLast = isLastEvent(event);
    kept.ended = isLast;
    if (isLast) kept.snapshot = undefined;
    this.#write(id, async () => {
      const blobs = new Map<BlobKey, Blob>();
      const stored = await toStored(event, (picture) => this.#encode(picture, blobs));
      if (!stored || kept.known.has(subjectOf(stored))) return;
      await this.#options.store.append(id, kept.count, stored, blobs, isLast);
      kept.count++;
      kept.known.add(subjectOf(stored));
    });
    if (isLast) this.#jobs.delete(id);
  }

  /** Stores the state of a drawing, unless a newer one arrives before it is written. */
  snapshot(id: JobId, snapshot: DrawingSnapshot): void {
    const kept = this.#jobs.get(id);
    if (!kept || kept.ended) return;
    const isWaiting = kept.snapshot !== undefined;
    kept.snapshot = snapshot;
    if (isWaiting) return;
    this.#write(id, async () => {
      const newest = kept.snapshot;
      kept.snapshot = undefined;
      if (newest) await this.#options.store.snapshot(id, newest);
    });
  }

  /** Resolves when everything so far is written. */
  async written(id: JobId): Promise<void> {
    await this.#jobs.get(id)?.writing;
  }

  #begin(id: JobId, stored: readonly StoredEvent[]): void {
    const known = new Set(stored.map(subjectOf));
    this.#jobs.set(id, {
      count: stored.length,
      known,
      writing: Promise.resolve(),
      ended: false,
      failed: false,
    });
  }

  #write(id: JobId, work: () => Promise<void>): void {
    const kept = this.#jobs.get(id);
    if (!kept) return;
    kept.writing = kept.writing.then(async () => {
      // After a gap the events would tell another story.
      if (kept.failed) return;
      try {
        await work();
        this.#options.onWritten(id);
      } catch (cause) {
        kept.failed = true;
        this.#options.onFailure(id, cause);
      }
    });
  }

  async #encode(picture: Picture, blobs: Map<BlobKey, Blob>): Promise<StoredPicture> {
    const encoded = await this.#options.encode(picture);
    const blob = await keyOf(encoded);
    blobs.set(blob, encoded);
    return { blob, width: picture.width, height: picture.height };
  }
}

/** The SHA-256 of a file; a random key where the page has no secure context. */
async function keyOf(file: Blob): Promise<BlobKey> {
  if (!globalThis.crypto?.subtle) return `random-${Math.random().toString(36).slice(2)}` as BlobKey;
  return (await sha256Of(await file.arrayBuffer())) as BlobKey;
}
