/** A checkpoint folder on disk. */

import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { OmniError } from '../errors.ts';
import { type CheckpointFolder, endsEarly, type FolderFile, insidePath, unreadableFile } from './folder.ts';

/** Depth of subfolders that are listed. It is more than any checkpoint has, and ends cycles of links. */
const MAX_DEPTH = 4;
/** Bytes of one read call. Node's limit is 2 GiB. */
const READ_BYTES = 2 ** 30;

/**
 * A folder on disk. Follows links, because download caches consist of them. Leaves out hidden files.
 * `list` throws OmniError `bad_checkpoint` if the folder does not exist.
 *
 * @example
 * const checkpoint = await openCheckpoint(nodeFolder('downloads/OmniGen2'));
 */
export function nodeFolder(path: string): CheckpointFolder {
  const root = resolve(path);
  const name = basename(root);
  const at = (file: string) => join(root, insidePath('', file, name));
  const read = (file: string, offset: number, length: number) =>
    withFile(at(file), file, (handle) => readRange(handle, file, offset, length));
  return {
    name,
    async list() {
      const info = await stat(root).catch(() => undefined);
      if (!info?.isDirectory()) {
        throw new OmniError({
          code: 'bad_checkpoint',
          message: info ? `${path} is a file, not a folder.` : `There is no folder ${path}.`,
          action: 'Give the folder that holds model_index.json.',
        });
      }
      return walk(root, '', 0);
    },
    directory: root,
    read,
    slice: read,
    async file(file) {
      const { size } = await stat(at(file)).catch((cause) => {
        throw unreadableFile(file, describeFileError(cause), cause);
      });
      return read(file, 0, size);
    },
  };
}

async function walk(root: string, folder: string, depth: number): Promise<FolderFile[]> {
  const entries = await readdir(join(root, folder)).catch((cause) => {
    throw unreadableFile(folder === '' ? basename(root) : folder, describeFileError(cause), cause);
  });
  const found: FolderFile[] = [];
  for (const entry of entries.sort()) {
    if (entry.startsWith('.')) continue;
    const path = folder === '' ? entry : `${folder}/${entry}`;
    const info = await stat(join(root, path)).catch(() => undefined);
    if (info?.isFile()) found.push({ path, sizeBytes: info.size });
    if (info?.isDirectory() && depth < MAX_DEPTH) found.push(...(await walk(root, path, depth + 1)));
  }
  return found;
}

async function withFile<T>(path: string, name: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path).catch((cause) => {
    throw unreadableFile(name, describeFileError(cause), cause);
  });
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function readRange(
  handle: FileHandle,
  name: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = allocate(name, length);
  let done = 0;
  while (done < length) {
    const count = Math.min(length - done, READ_BYTES);
    const { bytesRead } = await handle.read(bytes, done, count, offset + done).catch((cause) => {
      throw unreadableFile(name, describeFileError(cause), cause);
    });
    if (bytesRead === 0) throw unreadableFile(name, endsEarly(offset + length, offset + done));
    done += bytesRead;
  }
  return bytes;
}

function allocate(name: string, length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new OmniError({
      code: 'device',
      message: `${name}: ${length} bytes do not fit into memory.`,
      action: 'Close other programs, or use smaller weights (convert with --weights q4).',
      cause,
    });
  }
}

/** Why a file operation failed: a reason that follows a colon. */
export function describeFileError(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const words: Record<string, string> = {
    ENOENT: 'it does not exist',
    EACCES: 'access is denied',
    EPERM: 'access is denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is a file',
    ENAMETOOLONG: 'its name is too long',
    ELOOP: 'its links form a circle',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    EMFILE: 'too many files are open',
    EIO: 'the disk reports an error',
  };
  return words[code] ?? (code === '' ? 'the disk reports an error' : `the disk reports ${code}`);
}
