/** Fetches ranges before they are read, several at a time, when the order of the reads is known. */

import type { SourceRange } from '../checkpoints/conversion/steps.ts';
import { PARALLEL_REQUESTS } from './limits.ts';

/** Neighbouring ranges are fetched with one request up to this size. */
const GROUP_BYTES = 8e6;
/** Fetched bytes that may wait to be read. */
const AHEAD_BYTES = 64e6;

/** Neighbouring ranges of one file, fetched with one request. */
interface Group {
  readonly path: string;
  readonly offset: number;
  end: number;
  /** Ranges that were not read yet. */
  unread: number;
  bytes?: Promise<Uint8Array>;
}

/** Fetches the bytes of a file from `offset` to `end`. */
export type FetchBytes = (path: string, offset: number, end: number) => Promise<Uint8Array>;

export class ReadAhead {
  readonly #fetch: FetchBytes;
  readonly #groups: Group[] = [];
  readonly #byRange = new Map<string, Group>();
  /** Index of the first group that may not have been started. */
  #next = 0;
  #running = 0;
  #aheadBytes = 0;

  /** @param reads the ranges, in the order in which they will be read, each once */
  constructor(fetch: FetchBytes, reads: readonly SourceRange[]) {
    this.#fetch = fetch;
    for (const { path, offset, sizeBytes } of reads) {
      const last = this.#groups.at(-1);
      const joins =
        last?.path === path && last.end === offset && offset + sizeBytes - last.offset <= GROUP_BYTES;
      const group = joins ? last : { path, offset, end: offset, unread: 0 };
      if (!joins) this.#groups.push(group);
      group.end = offset + sizeBytes;
      group.unread++;
      this.#byRange.set(keyOf(path, offset), group);
    }
  }

  /** The bytes of a range, or undefined if it was not announced. */
  async read(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    const group = this.#byRange.get(keyOf(path, offset));
    if (!group || offset + length > group.end) return undefined;
    this.#byRange.delete(keyOf(path, offset));
    if (!group.bytes) this.#start(group);
    this.#fill();
    const bytes = await group.bytes;
    const part = bytes?.subarray(offset - group.offset, offset - group.offset + length);
    group.unread--;
    if (group.unread === 0) {
      group.bytes = Promise.resolve(new Uint8Array(0));
      this.#aheadBytes -= group.end - group.offset;
      this.#fill();
    }
    return part;
  }

  #fill(): void {
    while (this.#next < this.#groups.length && this.#running < PARALLEL_REQUESTS) {
      const group = this.#groups[this.#next];
      const size = group.end - group.offset;
      if (group.bytes === undefined && this.#aheadBytes > 0 && this.#aheadBytes + size > AHEAD_BYTES) return;
      this.#next++;
      if (group.bytes === undefined) this.#start(group);
    }
  }

  #start(group: Group): void {
    this.#running++;
    this.#aheadBytes += group.end - group.offset;
    group.bytes = this.#fetch(group.path, group.offset, group.end).finally(() => {
      this.#running--;
      this.#fill();
    });
    // The error is thrown where the bytes are read.
    group.bytes.catch(() => undefined);
  }
}

function keyOf(path: string, offset: number): string {
  return `${offset} ${path}`;
}
