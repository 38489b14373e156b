/** Exercises a storage. Every storage must give the same observations. */

import type { FileStore } from '../../src/storage/files.ts';

/** Larger than a chunk of the storage in IndexedDB (4 MB), so that writes cross its borders. */
const BIG = 4_200_000;
const EDGE = 2 ** 22;

/** @returns what was observed, in order */
export async function exerciseFiles(files: FileStore): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const blobBytes = async (path: string, start = 0, end?: number) => {
    const blob = await files.blob(path);
    return blob && [blob.size, [...new Uint8Array(await blob.slice(start, end).arrayBuffer())]];
  };
  const list = async (folder: string) =>
    (await files.list(folder)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  await files.delete('a');
  seen.push(await list('a'), await files.blob('a/none'));

  const file = await files.open('a/b/c.partial');
  await file.write(3, new Uint8Array([7, 8, 9]));
  seen.push(await file.sizeBytes(), [...(await file.read(0, 100))]);
  await file.truncate(BIG);
  // Writes of several callers at the same time, over the border of a chunk.
  await Promise.all(
    Array.from({ length: 8 }, (_, i) => file.write(EDGE - 16 + 4 * i, new Uint8Array(4).fill(i + 1))),
  );
  await file.flush();
  seen.push([...(await file.read(EDGE - 20, 40))], await file.sizeBytes());
  await file.truncate(EDGE + 2);
  await file.truncate(EDGE + 6);
  seen.push([...(await file.read(EDGE - 2, 100))]);
  await file.close();

  await files.move('a/b/c.partial', 'a/b/c');
  seen.push(await list('a'), await blobBytes('a/b/c', EDGE - 18));
  const again = await files.open('a/b/d');
  await again.write(0, new Uint8Array([1]));
  await again.close();
  await files.move('a/b/d', 'a/b/c');
  seen.push(await list('a'), await blobBytes('a/b/c'));
  const reopened = await files.open('a/b/c');
  await reopened.write(1, new Uint8Array([2]));
  await reopened.close();
  seen.push(await blobBytes('a/b/c'));

  const release = await files.lock('x');
  seen.push(release !== undefined, (await files.lock('x')) === undefined);
  release?.();
  // Browsers release a lock a moment later.
  let retaken = await files.lock('x');
  for (let tries = 0; !retaken && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    retaken = await files.lock('x');
  }
  seen.push(retaken !== undefined);
  retaken?.();
  await files.delete('a');
  seen.push(await list('a'));
  return seen;
}
