/** Writes a folder to disk. It appears complete, or not at all. A conversion goes on where it stopped. */

import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  access,
  appendFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { OmniError } from '../../errors.ts';
import { describeFileError } from '../folder.node.ts';
import type { FolderFile } from '../folder.ts';
import type { FolderWriter } from './writer.ts';

/**
 * Checks that a folder can be written: it does not exist or is empty, is outside of the source and does not
 * contain it, and the disk has room.
 * @throws OmniError `bad_request` or `storage`, with the condition that fails
 */
export async function checkTarget(target: string, source: string, sizeBytes: number): Promise<void> {
  const path = await realTarget(target);
  const from = await realpath(source);
  if (path === from)
    throw badRequest(`${target} is the source folder.`, 'Give another folder as the target.');
  if (`${path}${sep}`.startsWith(`${from}${sep}`) || `${from}${sep}`.startsWith(`${path}${sep}`)) {
    throw badRequest(
      `One of ${target} and ${source} contains the other.`,
      'Give a target beside the source.',
    );
  }
  const info = await fileOperation(target, () => checkWritable(path));
  if (!info && (await lstat(path).catch(() => undefined))) {
    throw badRequest(`${target} is a link to a path that does not exist.`, 'Give a folder as the target.');
  }
  if (info && !info.isDirectory()) throw badRequest(`${target} is a file.`, 'Give a folder as the target.');
  if (info && (await readdir(path)).length > 0) {
    throw badRequest(`${target} exists and is not empty.`, 'Give a new folder. Files are never overwritten.');
  }
  const free = await freeBytes(path);
  const needed = sizeBytes - (await usedBytes(partialOf(path)));
  if (free !== undefined && free < needed) {
    throw new OmniError({
      code: 'storage',
      message: `The disk of ${target} has ${megabytes(free)} free, but the result needs ${megabytes(needed)}.`,
      action: 'Make room, choose another disk, or choose a smaller format.',
    });
  }
}

/**
 * The file or folder at a path, or undefined if one can be created there.
 * @throws the error of the file system for a path that cannot exist, or whose nearest existing parent is not
 * a folder or is not writable
 */
export async function checkWritable(path: string): Promise<Stats | undefined> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    return undefined;
  });
  const parent = dirname(path);
  if (info || parent === path) return info;
  const above = await checkWritable(parent);
  if (above && !above.isDirectory())
    throw Object.assign(new Error(`${parent} is a file`), { code: 'ENOTDIR' });
  if (above) await access(parent, constants.W_OK);
  return undefined;
}

/**
 * Writes a folder: `fill` writes into a temporary folder beside the target, which is renamed at the end. If
 * `fill` fails, the temporary folder is removed and the target is unchanged.
 * @param fill called with a writer and the path of the temporary folder
 * @returns what `fill` returns
 * @throws OmniError `storage` if the disk is full or not writable, or the error of `fill`
 *
 * @example
 * await checkTarget(target, source, plan.afterBytes);
 * await writeFolder(target, (writer) => executeConversion(signal, plan, writer, () => undefined));
 */
export async function writeFolder<T>(
  target: string,
  fill: (writer: FolderWriter, temporary: string) => Promise<T>,
): Promise<T> {
  const path = await realTarget(target);
  const temporary = `${partialOf(path)}-${process.pid}`;
  const firstCreated = await fileOperation(target, () => mkdir(temporary, { recursive: true }));
  try {
    const result = await fill(nodeWriter(target, temporary), temporary);
    await takeName(target, temporary, path);
    return result;
  } catch (error) {
    await removeCreated(temporary, firstCreated ?? temporary);
    throw error;
  }
}

/**
 * Writes a folder as {@link writeFolder} does, but keeps the temporary folder if `fill` is interrupted: the
 * next call with the same target finds what is there, and its journal. The temporary folder is removed only
 * if `fill` throws `bad_checkpoint`, because trying again cannot help then.
 * @throws OmniError as {@link writeFolder}; `bad_request` if another process writes the same target
 *
 * @example
 * await resumeFolder(target, (writer) => executeConversion(signal, plan, writer, () => undefined));
 */
export async function resumeFolder<T>(
  target: string,
  fill: (writer: FolderWriter, temporary: string) => Promise<T>,
): Promise<T> {
  const path = await realTarget(target);
  const temporary = partialOf(path);
  const firstCreated = await fileOperation(target, () => mkdir(temporary, { recursive: true }));
  const lock = join(temporary, LOCK);
  await takeLock(target, lock);
  let result: T;
  try {
    result = await fill(nodeWriter(target, temporary), temporary);
  } catch (error) {
    if (error instanceof OmniError && error.code === 'bad_checkpoint') {
      await removeCreated(temporary, firstCreated ?? temporary);
    }
    await rm(lock, { force: true });
    throw error;
  }
  await rm(join(temporary, JOURNAL), { force: true });
  await rm(lock, { force: true });
  await takeName(target, temporary, path);
  return result;
}

/** Name of the folder in which a target is written until it is complete. */
function partialOf(path: string): string {
  // Shortened, so that a suffix fits if the name has the maximum length.
  return join(dirname(path), `.${basename(path).slice(0, 40)}.partial`);
}

/** Hidden files of a temporary folder. `nodeFolder` does not list them. */
const JOURNAL = '.journal';
const LOCK = '.lock';

async function takeName(target: string, temporary: string, path: string): Promise<void> {
  await fileOperation(target, async () => {
    await rmdir(path).catch(() => undefined);
    await rename(temporary, path);
  });
}

/** Creates a lock file with the number of this process. Replaces the lock of a process that has ended. */
async function takeLock(target: string, lock: string): Promise<void> {
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (owner > 0 && owner !== process.pid && isRunning(owner)) {
    throw badRequest(
      `Process ${owner} is writing ${target} already.`,
      `Wait until it ends. If it is no conversion, remove ${lock}.`,
    );
  }
  await fileOperation(target, () => writeFile(lock, String(process.pid)));
}

function isRunning(process_: number): boolean {
  try {
    return process.kill(process_, 0);
  } catch (cause) {
    // The process of another person cannot be signalled, but it exists.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
}

/** Writes the files of a temporary folder. */
function nodeWriter(target: string, temporary: string): FolderWriter {
  const at = (file: string) => join(temporary, ...file.split('/'));
  const attempt = <T>(operation: () => Promise<T>) => fileOperation(target, operation);
  const journal = at(JOURNAL);
  return {
    async open(file, sizeBytes) {
      const handle = await attempt(async () => {
        await mkdir(dirname(at(file)), { recursive: true });
        return open(at(file), constants.O_RDWR | constants.O_CREAT);
      });
      await attempt(() => handle.truncate(sizeBytes));
      return {
        async write(offset, bytes) {
          let done = 0;
          while (done < bytes.length) {
            const { bytesWritten } = await attempt(() =>
              handle.write(bytes, done, bytes.length - done, offset + done),
            );
            done += bytesWritten;
          }
        },
        flush: () => attempt(() => handle.datasync()),
        sha256: () => attempt(() => hashOf(handle, sizeBytes)),
        close: () => attempt(() => handle.close()),
      };
    },
    sizeOf: async (file) => (await stat(at(file)).catch(() => undefined))?.size,
    clear: () =>
      attempt(async () => {
        for (const entry of await readdir(temporary)) {
          if (entry !== LOCK) await rm(at(entry), { recursive: true });
        }
      }),
    journal: {
      read: () => readFile(journal, 'utf8').catch(() => ''),
      write: (text) => attempt(() => writeFile(journal, text, { flush: true })),
      append: (text) => attempt(() => appendFile(journal, text, { flush: true })),
    },
  };
}

/** Bytes that are hashed at a time. */
const HASH_BYTES = 2 ** 22;

async function hashOf(handle: FileHandle, sizeBytes: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(HASH_BYTES, sizeBytes));
  for (let at = 0; at < sizeBytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, sizeBytes - at), at);
    if (bytesRead === 0) throw new Error('the file is shorter than it was');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}

/** Removes the temporary folder, and the parents that were created for it if they are empty. */
async function removeCreated(temporary: string, firstCreated: string): Promise<void> {
  await rm(temporary, { recursive: true, force: true });
  for (
    let parent = dirname(temporary);
    `${parent}${sep}`.startsWith(`${firstCreated}${sep}`);
    parent = dirname(parent)
  ) {
    await rmdir(parent).catch(() => undefined);
  }
}

/** The absolute path of the target, with the links in its existing part resolved. */
async function realTarget(target: string): Promise<string> {
  const path = resolve(target);
  const known = await realpath(path).catch(() => undefined);
  if (known !== undefined) return known;
  const parent = dirname(path);
  return parent === path ? path : join(await realTarget(parent), basename(path));
}

/** Free bytes on the disk of a path that may not exist yet, or undefined if the system does not tell. */
async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return dirname(path) === path ? undefined : freeBytes(dirname(path));
  }
}

/**
 * Sizes and modification times of files, for `ConversionOptions.sourceVersion`. Links are followed.
 * @param folder path of the folder that the files are in
 */
export async function versionOf(folder: string, files: readonly FolderFile[]): Promise<string> {
  const parts = files.map(async ({ path, sizeBytes }) => {
    const info = await stat(join(folder, path)).catch(() => undefined);
    return `${path} ${sizeBytes} ${info?.mtimeMs}`;
  });
  return (await Promise.all(parts)).join('\n');
}

/** Bytes that the files of a folder take on the disk. Files that are not written to the end take less. */
async function usedBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const infos = await Promise.all(entries.map((entry) => stat(join(folder, entry)).catch(() => undefined)));
  return infos.reduce((sum, info) => sum + (info?.isFile() ? info.blocks * 512 : 0), 0);
}

/** Runs a file operation. @throws OmniError `storage` if it fails */
async function fileOperation<T>(target: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new OmniError({
      code: 'storage',
      message: full
        ? `The disk of ${target} is full.`
        : `${target} cannot be written: ${describeFileError(cause)}.`,
      action: full
        ? 'Make room, then start again. A conversion goes on where it stopped.'
        : 'Choose a folder that you can write to.',
      cause,
    });
  }
}

function badRequest(message: string, action: string): OmniError {
  return new OmniError({ code: 'bad_request', message, action });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
