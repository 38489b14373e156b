/** Stores a checkpoint as it is, because its weights have the wanted format already. */

import { type Checkpoint, COMPONENTS } from '../checkpoints/checkpoint.ts';
import type { CheckpointFolder } from '../checkpoints/folder.ts';
import { downloadFile } from './download.ts';
import { PARTIAL } from './files.ts';
import type { InstallContext } from './install-context.ts';
import { PARALLEL_REQUESTS } from './limits.ts';
import { eachInParallel } from './parallel.ts';
import type { ListedFile, StoredFile } from './record.ts';
import { startSha256 } from './sha256.ts';

const COPY_BYTES = 2 ** 22;

/** The files of a checkpoint that the program reads. */
export function usedFiles({ files, components }: Checkpoint): ListedFile[] {
  return [...files, ...COMPONENTS.flatMap((name) => components[name].files)].map(({ path, sizeBytes }) => ({
    path,
    sizeBytes,
  }));
}

/**
 * Copies files into the model's folder. Files that the journal has as finished are skipped.
 * @param picked the picked folder; without it the files are downloaded
 * @param advance called with the number of bytes that are new
 */
export async function copyFiles(
  signal: AbortSignal,
  context: InstallContext,
  files: readonly ListedFile[],
  picked: CheckpointFolder | undefined,
  advance: (bytes: number, file: string) => void,
): Promise<StoredFile[]> {
  const stored = new Map<string, StoredFile>();
  await eachInParallel(signal, files, picked ? 1 : PARALLEL_REQUESTS, async (either, file) => {
    const { path, sizeBytes } = file;
    const known = context.journal.get(path)?.sha256;
    if (known !== undefined) advance(sizeBytes, path);
    const onBytes = (bytes: number) => advance(bytes, path);
    const fetched = () =>
      picked
        ? copyFile(either, context, file, picked, onBytes)
        : downloadFile(either, context, file, onBytes);
    stored.set(path, { path, sizeBytes, sha256: known ?? (await fetched()) });
  });
  return files.flatMap(({ path }) => stored.get(path) ?? []);
}

/** Copies one file of a picked folder. An interrupted copy starts again: nothing is fetched for it. */
async function copyFile(
  signal: AbortSignal,
  { folder, journal }: InstallContext,
  { path, sizeBytes }: ListedFile,
  picked: CheckpointFolder,
  advance: (bytes: number) => void,
): Promise<string> {
  const target = folder.fileAt(path);
  const hash = await startSha256();
  const file = await folder.files.open(target + PARTIAL);
  try {
    await file.truncate(0);
    for (let at = 0; at < sizeBytes; at += COPY_BYTES) {
      signal.throwIfAborted();
      const bytes = await picked.read(path, at, Math.min(COPY_BYTES, sizeBytes - at));
      await file.write(at, bytes);
      hash.update(bytes);
      advance(bytes.length);
    }
    await file.flush();
  } finally {
    await file.close();
  }
  await folder.files.move(target + PARTIAL, target);
  const sha256 = hash.digest();
  await journal.add({ file: path, bytes: sizeBytes, sha256 });
  return sha256;
}
