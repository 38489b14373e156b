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

function chunkedFile(store: UseStore, path: string, entry: Entry): OpenFile {
  let { sizeBytes } = entry;
  const stored = Math.ceil(sizeBytes / CHUNK_BYTES);
  let surplus = stored;
  /** Chunks that changed, at their full length. */
  const waiting = new Map<number, Uint8Array<ArrayBuffer>>();

  const load = async (index: number): Promise<Uint8Array<ArrayBuffer>> => {
    const known = waiting.get(index);
    if (known) return known;
    const chunk = new Uint8Array(CHUNK_BYTES);
    const blob: unknown = await get(chunkKey(entry.id, index), store);
    if (blob instanceof Blob) chunk.set(new Uint8Array(await blob.arrayBuffer()));
    return chunk;
  };
  const flush = async () => {
    const changed = [...waiting].map(([index, chunk]): [string, unknown] => {
      const length = Math.min(CHUNK_BYTES, sizeBytes - index * CHUNK_BYTES);
      return [chunkKey(entry.id, index), new Blob([chunk.subarray(0, Math.max(0, length))])];
    });
    await setMany([...changed, [FILE + path, { id: entry.id, sizeBytes }]], store);
    waiting.clear();
    const needed = Math.ceil(sizeBytes / CHUNK_BYTES);
    if (surplus > needed) {
      await delMany(
        Array.from({ length: surplus - needed }, (_, i) => chunkKey(entry.id, needed + i)),
        store,
      );
    }
    surplus = needed;
  };
  return {
    sizeBytes: async () => sizeBytes,
    async read(offset, length) {
      const end = Math.min(offset + length, sizeBytes);
      const bytes = new Uint8Array(Math.max(0, end - offset));
      for (let at = offset; at < end; ) {
        const index = Math.floor(at / CHUNK_BYTES);
        const chunk = await load(index);
        const piece = chunk.subarray(at - index * CHUNK_BYTES, end - index * CHUNK_BYTES);
        bytes.set(piece, at - offset);
        at += piece.length;
      }
      return bytes;
    },
    async write(offset, bytes) {
      for (let done = 0; done < bytes.length; ) {
        const index = Math.floor((offset + done) / CHUNK_BYTES);
        const chunk = await load(index);
        const inside = offset + done - index * CHUNK_BYTES;
        const piece = bytes.subarray(done, done + CHUNK_BYTES - inside);
        chunk.set(piece, inside);
        waiting.set(index, chunk);
        done += piece.length;
      }
      sizeBytes = Math.max(sizeBytes, offset + bytes.length);
      if (waiting.size > MAX_WAITING) await flush();
    },
    async truncate(size) {
      // Bytes beyond the end read as zeros if the file grows again.
      if (size < sizeBytes && size % CHUNK_BYTES > 0) {
        const index = Math.floor(size / CHUNK_BYTES);
        const chunk = await load(index);
        chunk.fill(0, size - index * CHUNK_BYTES);
        waiting.set(index, chunk);
      }
      for (const index of waiting.keys()) if (index * CHUNK_BYTES >= size) waiting.delete(index);
      sizeBytes = size;
      await flush();
    },
    flush,
    close: flush,
  };
}
