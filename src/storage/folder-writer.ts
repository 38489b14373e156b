/** Writes a converted checkpoint into a folder of the storage. */

import type { FolderWriter, Journal } from '../checkpoints/conversion/writer.ts';
import { readBlob } from './blobs.ts';
import type { FileStore, OpenFile } from './files.ts';
import { hashFile, startSha256 } from './sha256.ts';

/**
 * A writer of the files in `folder`.
 * @param journal path of the conversion's journal in the storage
 */
export function storageWriter(
  signal: AbortSignal,
  files: FileStore,
  folder: string,
  journal: string,
): FolderWriter {
  return {
    async open(path, sizeBytes) {
      const file = await files.open(`${folder}/${path}`);
      if ((await file.sizeBytes()) !== sizeBytes) await file.truncate(sizeBytes);
      return {
        write: (offset, bytes) => file.write(offset, bytes),
        flush: () => file.flush(),
        async sha256() {
          const hash = await startSha256();
          await hashFile(signal, hash, file, sizeBytes);
          return hash.digest();
        },
        close: () => file.close(),
      };
    },
    async sizeOf(path) {
      return (await files.blob(`${folder}/${path}`))?.size;
    },
    clear: () => files.delete(folder),
    journal: storageJournal(files, journal),
  };
}

function storageJournal(files: FileStore, path: string): Journal {
  let tail: Promise<unknown> = Promise.resolve();
  /** One call at a time, because a file has one writer. */
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.catch(() => undefined).then(work);
    tail = result;
    return result;
  };
  const withFile = async (work: (file: OpenFile) => Promise<void>) => {
    const file = await files.open(path);
    try {
      await work(file);
      await file.flush();
    } finally {
      await file.close();
    }
  };
  return {
    read: () =>
      next(async () => {
        const blob = await files.blob(path);
        return blob ? new TextDecoder().decode(await readBlob(blob)) : '';
      }),
    write: (text) =>
      next(() =>
        withFile(async (file) => {
          const bytes = new TextEncoder().encode(text);
          await file.truncate(bytes.length);
          await file.write(0, bytes);
        }),
      ),
    append: (text) =>
      next(() =>
        withFile(async (file) => file.write(await file.sizeBytes(), new TextEncoder().encode(text))),
      ),
  };
}
