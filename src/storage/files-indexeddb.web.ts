/**
 * A storage in IndexedDB, for browsers without OPFS. A file is a list of chunks. A flush stores the chunks
 * that changed, and the size, in one transaction.
 */

import { createStore, delMany, get, getMany, keys, setMany, type UseStore } from 'idb-keyval';
import { z } from 'zod';
import type { FileStore, OpenFile } from './files.ts';
import { webLock, webSpace } from './web-locks.web.ts';

const CHUNK_BYTES = 2 ** 22;
/** Chunks that may wait in memory before they are stored. */
const MAX_WAITING = 8;

const FILE = 'file/';
const entrySchema = z.object({ id: z.string(), sizeBytes: z.number() });
type Entry = z.infer<typeof entrySchema>;

/** @throws DOMException if the browser refuses IndexedDB */
export async function indexedDbFiles(name: string): Promise<FileStore> {
  const store = createStore(name, 'files');
  // Opens the database, so that a refusal shows now.
  await keys(store);
  const entryOf = async (path: string) => entrySchema.safeParse(await get(FILE + path, store)).data;
  const remove = async (paths: readonly string[]) => {
    for (const path of paths) {
      const entry = await entryOf(path);
      await delMany([FILE + path, ...(entry ? chunkKeys(entry) : [])], store);
    }
  };
  const paths = async (prefix: string) =>
    (await keys<string>(store))
      .filter((key) => key.startsWith(FILE + prefix))
      .map((key) => key.slice(FILE.length));
  return {
    kind: 'indexeddb',
    async list(folder) {
      const inside = await paths(folder === '' ? '' : `${folder}/`);
      const found = await getMany<unknown>(
        inside.map((path) => FILE + path),
        store,
      );
      return inside.map((path, i) => ({
        path: folder === '' ? path : path.slice(folder.length + 1),
        sizeBytes: entrySchema.parse(found[i]).sizeBytes,
      }));
    },
    async blob(path) {
      const entry = await entryOf(path);
      if (!entry) return undefined;
      const chunks = await getMany<unknown>(chunkKeys(entry), store);
      return new Blob(
        chunks.flatMap((chunk, i) => {
          const length = Math.min(CHUNK_BYTES, entry.sizeBytes - i * CHUNK_BYTES);
          const stored = chunk instanceof Blob ? chunk.slice(0, length) : new Blob();
          // A file that grew without being written is zeros there.
          return [stored, new Uint8Array(length - stored.size)];
        }),
      );
    },
    async open(path) {
      const entry = (await entryOf(path)) ?? { id: crypto.randomUUID(), sizeBytes: 0 };
      await setMany([[FILE + path, entry]], store);
      return chunkedFile(store, path, entry);
    },
    async move(from, to) {
      const entry = await entryOf(from);
      if (!entry) throw new DOMException(`There is no ${from}.`, 'NotFoundError');
      await remove([to]);
      await setMany([[FILE + to, entry]], store);
      await delMany([FILE + from], store);
    },
    async delete(path) {
      await remove([path, ...(await paths(`${path}/`))]);
    },
    lock: (lock) => webLock(`${name}/${lock}`),
    space: webSpace,
  };
}

function chunkKeys({ id, sizeBytes }: Entry): string[] {
  return Array.from({ length: Math.ceil(sizeBytes / CHUNK_BYTES) }, (_, i) => chunkKey(id, i));
}

function chunkKey(id: string, index: number): string {
  return `chunk/${id}/${index}`;
}

/** An open file. Its calls run one after the other, because two writes may change the same chunk. */
function chunkedFile(store: UseStore, path: string, entry: Entry): OpenFile {
  const file = new ChunkedFile(store, path, entry);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    sizeBytes: () => inTurn(async () => file.sizeBytes),
    read: (offset, length) => inTurn(() => file.read(offset, length)),
    write: (offset, bytes) => inTurn(() => file.write(offset, bytes)),
    truncate: (sizeBytes) => inTurn(() => file.truncate(sizeBytes)),
    flush: () => inTurn(() => file.flush()),
    close: () => inTurn(() => file.flush()),
  };
}

class ChunkedFile {
  sizeBytes: number;
  readonly #store: UseStore;
  readonly #path: string;
  readonly #id: string;
  /** Number of chunks in the database. */
  #storedChunks: number;
  /** Chunks that changed, at their full length. */
  readonly #waiting = new Map<number, Uint8Array<ArrayBuffer>>();

  constructor(store: UseStore, path: string, { id, sizeBytes }: Entry) {
    this.#store = store;
    this.#path = path;
    this.#id = id;
    this.sizeBytes = sizeBytes;
    this.#storedChunks = Math.ceil(sizeBytes / CHUNK_BYTES);
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const end = Math.min(offset + length, this.sizeBytes);
    const bytes = new Uint8Array(Math.max(0, end - offset));
    for (let at = offset; at < end; ) {
      const index = Math.floor(at / CHUNK_BYTES);
      const chunk = await this.#load(index);
      const piece = chunk.subarray(at - index * CHUNK_BYTES, end - index * CHUNK_BYTES);
      bytes.set(piece, at - offset);
      at += piece.length;
    }
    return bytes;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const index = Math.floor((offset + done) / CHUNK_BYTES);
      const chunk = await this.#load(index);
      const inside = offset + done - index * CHUNK_BYTES;
      const piece = bytes.subarray(done, done + CHUNK_BYTES - inside);
      chunk.set(piece, inside);
      this.#waiting.set(index, chunk);
      done += piece.length;
    }
    this.sizeBytes = Math.max(this.sizeBytes, offset + bytes.length);
    if (this.#waiting.size > MAX_WAITING) await this.flush();
  }

  async truncate(sizeBytes: number): Promise<void> {
    // Bytes beyond the end read as zeros if the file grows again.
    if (sizeBytes < this.sizeBytes && sizeBytes % CHUNK_BYTES > 0) {
      const index = Math.floor(sizeBytes / CHUNK_BYTES);
      const chunk = await this.#load(index);
      chunk.fill(0, sizeBytes - index * CHUNK_BYTES);
      this.#waiting.set(index, chunk);
    }
    for (const index of this.#waiting.keys()) {
      if (index * CHUNK_BYTES >= sizeBytes) this.#waiting.delete(index);
    }
    this.sizeBytes = sizeBytes;
    await this.flush();
  }

  async flush(): Promise<void> {
    const { sizeBytes } = this;
    const changed = [...this.#waiting].map(([index, chunk]): [string, unknown] => {
      const length = Math.min(CHUNK_BYTES, sizeBytes - index * CHUNK_BYTES);
      return [chunkKey(this.#id, index), new Blob([chunk.subarray(0, length)])];
    });
    await setMany([...changed, [FILE + this.#path, { id: this.#id, sizeBytes }]], this.#store);
    this.#waiting.clear();
    const needed = Math.ceil(sizeBytes / CHUNK_BYTES);
    const surplus = Array.from({ length: Math.max(0, this.#storedChunks - needed) }, (_, i) => needed + i);
    if (surplus.length > 0) {
      await delMany(
        surplus.map((index) => chunkKey(this.#id, index)),
        this.#store,
      );
    }
    this.#storedChunks = needed;
  }

  async #load(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#waiting.get(index);
    if (known) return known;
    const chunk = new Uint8Array(CHUNK_BYTES);
    const blob: unknown = await get(chunkKey(this.#id, index), this.#store);
    if (blob instanceof Blob) chunk.set(new Uint8Array(await blob.arrayBuffer()));
    return chunk;
  }
}
