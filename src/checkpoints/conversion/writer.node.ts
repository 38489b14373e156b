/** Writes a folder on disk so that it appears whole or not at all. */

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
 * Checks that a folder may be written: it does not exist or is empty, lies apart from the source, and the disk has room.
 * @throws OmniError `bad_request` or `storage`, saying which of these it is.
 */
export async function checkTarget(target: string, source: string, sizeBytes: number): Promise<void> {
  const path = await realTarget(target);
  const from = await realpath(source);
  if (path === from)
    throw refused(`${target} is the folder that is read.`, 'Give another folder as the target.');
  if (`${path}${sep}`.startsWith(`${from}${sep}`) || `${from}${sep}`.startsWith(`${path}${sep}`)) {
    throw refused(`${target} and ${source} lie inside each other.`, 'Give a target beside the source.');
  }
  const info = await words(target, () => checkWritable(path));
  if (!info && (await lstat(path).catch(() => undefined))) {
    throw refused(`${target} is a link to a place that is not there.`, 'Give a folder as the target.');
  }
  if (info && !info.isDirectory()) throw refused(`${target} is a file.`, 'Give a folder as the target.');
  if (info && (await readdir(path)).length > 0) {
    throw refused(`${target} exists and is not empty.`, 'Give a new folder; nothing is ever overwritten.');
  }
  const free = await freeBytes(path);
  if (free !== undefined && free < sizeBytes) {
    throw new OmniError({
      code: 'storage',
      message: `The disk of ${target} has ${megabytes(free)} free, but the result takes ${megabytes(sizeBytes)}.`,
      action: 'Make room, choose another disk, or ask for smaller weights.',
    });
  }
}

/**
 * What is at a path, or undefined if a file or folder can be made there.
 * @throws what the file system says of a path that cannot exist, or of the first existing folder above it if that is none
 *   or may not be written
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
 * Writes a folder: `fill` writes into a temporary folder beside the target, which is renamed at the end. If anything
 * fails, the temporary folder is removed and the target is as before.
 * @param fill gets the writer and the path of the temporary folder.
 */
export async function writeFolder(
  target: string,
  fill: (writer: FolderWriter, temporary: string) => Promise<void>,
): Promise<void> {
  const path = await realTarget(target);
  // Shortened, so that a name of full length still leaves room.
  const temporary = join(dirname(path), `.${basename(path).slice(0, 40)}.partial-${process.pid}`);
  const firstMade = await words(target, () => mkdir(temporary, { recursive: true }));
  let written = false;
  try {
    await fill(
      {
        async create(file) {
          const at = join(temporary, ...file.split('/'));
          const handle = await words(target, async () => {
            await mkdir(dirname(at), { recursive: true });
            return open(at, 'wx');
          });
          return {
            async write(offset, bytes) {
              let done = 0;
              while (done < bytes.length) {
                const { bytesWritten } = await words(target, () =>
                  handle.write(bytes, done, bytes.length - done, offset + done),
                );
                done += bytesWritten;
              }
            },
            close: () => words(target, () => handle.close()),
          };
        },
      },
      temporary,
    );
    await words(target, async () => {
      await rmdir(path).catch(() => undefined);
      await rename(temporary, path);
    });
    written = true;
  } finally {
    if (!written) await removeMade(temporary, firstMade ?? temporary);
  }
}

/** Removes the temporary folder and, where they are empty, the parents that were made for it. */
async function removeMade(temporary: string, firstMade: string): Promise<void> {
  await rm(temporary, { recursive: true, force: true });
  for (
    let parent = dirname(temporary);
    `${parent}${sep}`.startsWith(`${firstMade}${sep}`);
    parent = dirname(parent)
  ) {
    await rmdir(parent).catch(() => undefined);
  }
}

/** The target's path with every link of its existing part resolved. */
async function realTarget(target: string): Promise<string> {
  const path = resolve(target);
  const known = await realpath(path).catch(() => undefined);
  if (known !== undefined) return known;
  const parent = dirname(path);
  return parent === path ? path : join(await realTarget(parent), basename(path));
}

/** Free bytes on the disk of a path that may not exist yet; undefined where the system does not say. */
async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return dirname(path) === path ? undefined : freeBytes(dirname(path));
  }
}

/** Runs a file operation; its failure is told in words. */
async function words<T>(target: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new OmniError({
      code: 'storage',
      message: full
        ? `The disk of ${target} is full; nothing was left behind.`
        : `${target} cannot be written: ${describeFileError(cause)}.`,
      action: full
        ? 'Make room or choose another disk, then start again.'
        : 'Choose a folder that you may write to.',
      cause,
    });
  }
}

function refused(message: string, action: string): OmniError {
  return new OmniError({ code: 'bad_request', message, action });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
