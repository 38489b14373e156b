/** Writes a folder to disk. It appears complete, or not at all. */

import { constants, type Stats } from 'node:fs';
import {
  access,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
} from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { OmniError } from '../../errors.ts';
import { describeFileError } from '../folder.node.ts';
import type { FolderWriter } from './execute.ts';

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
  if (free !== undefined && free < sizeBytes) {
    throw new OmniError({
      code: 'storage',
      message: `The disk of ${target} has ${megabytes(free)} free, but the result needs ${megabytes(sizeBytes)}.`,
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
 * @throws OmniError `storage` if the disk is full or not writable, or the error of `fill`
 *
 * @example
 * await checkTarget(target, source, plan.afterBytes);
 * await writeFolder(target, (writer) => executeConversion(signal, plan, writer, () => undefined));
 */
export async function writeFolder(
  target: string,
  fill: (writer: FolderWriter, temporary: string) => Promise<void>,
): Promise<void> {
  const path = await realTarget(target);
  // Shortened, so that the suffix fits if the name has the maximum length.
  const temporary = join(dirname(path), `.${basename(path).slice(0, 40)}.partial-${process.pid}`);
  const firstCreated = await fileOperation(target, () => mkdir(temporary, { recursive: true }));
  let written = false;
  try {
    await fill(
      {
        async create(file) {
          const at = join(temporary, ...file.split('/'));
          const handle = await fileOperation(target, async () => {
            await mkdir(dirname(at), { recursive: true });
            return open(at, 'wx');
          });
          return {
            async write(offset, bytes) {
              let done = 0;
              while (done < bytes.length) {
                const { bytesWritten } = await fileOperation(target, () =>
                  handle.write(bytes, done, bytes.length - done, offset + done),
                );
                done += bytesWritten;
              }
            },
            close: () => fileOperation(target, () => handle.close()),
          };
        },
      },
      temporary,
    );
    await fileOperation(target, async () => {
      await rmdir(path).catch(() => undefined);
      await rename(temporary, path);
    });
    written = true;
  } finally {
    if (!written) await removeCreated(temporary, firstCreated ?? temporary);
  }
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
        ? `The disk of ${target} is full; all partial files were removed.`
        : `${target} cannot be written: ${describeFileError(cause)}.`,
      action: full
        ? 'Make room or choose another disk, then start again.'
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
