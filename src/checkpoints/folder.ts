/** Where the files of a checkpoint come from: memory, a disk, files picked in a browser, or its storage. */

import { OmniError } from '../errors.ts';

/** A file of a checkpoint; `path` is relative to the folder, with `/`. */
export interface FolderFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A folder with a checkpoint. Paths come from {@link CheckpointFolder.list} or have passed {@link insidePath}. */
export interface CheckpointFolder {
  /** How people know it: the last part of its path, or the model's name. */
  readonly name: string;
  /** Every file, in subfolders too. */
  list(): Promise<readonly FolderFile[]>;
  /**
   * Exactly `length` bytes from `offset` of a file.
   * @throws OmniError `unreachable` if they cannot be read.
   */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** A whole file: in memory, or a Blob that is read piece by piece. */
  file(path: string): Promise<Uint8Array | Blob>;
}

/** A folder whose files are in memory, or in Blobs (files picked by a person are Blobs too). */
export function memoryFolder(name: string, files: ReadonlyMap<string, Uint8Array | Blob>): CheckpointFolder {
  const find = (path: string) => {
    const file = files.get(path);
    if (!file) throw unreadableFile(path, 'it does not exist');
    return file;
  };
  return {
    name,
    async list() {
      return [...files].map(([path, file]) => ({ path, sizeBytes: sizeOf(file) }));
    },
    async read(path, offset, length) {
      const file = find(path);
      if (offset + length > sizeOf(file))
        throw unreadableFile(path, endsEarly(offset + length, sizeOf(file)));
      if (file instanceof Uint8Array) return file.subarray(offset, offset + length);
      return new Uint8Array(await blobBytes(file.slice(offset, offset + length), path));
    },
    async file(path) {
      return find(path);
    },
  };
}

/** All bytes of a file of a folder, in memory: configurations, tokenizers, and weights for engines that take no Blob. */
export async function readWhole(folder: CheckpointFolder, path: string): Promise<Uint8Array> {
  const file = await folder.file(path);
  return file instanceof Uint8Array ? file : new Uint8Array(await blobBytes(file, path));
}

/**
 * The path of `relative` as written in a file of `base`, provided that it stays inside the folder.
 * @param base folder of the file that names it, such as `transformer`.
 * @param source how messages name the file that names it.
 * @throws OmniError `bad_checkpoint` for an absolute path or one that climbs out.
 */
export function insidePath(base: string, relative: string, source: string): string {
  const parts = relative.split('/');
  const plain = relative !== '' && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!plain || /[\\:\0]/.test(relative)) {
    throw new OmniError({
      code: 'bad_checkpoint',
      message: `${source} points to ${JSON.stringify(relative)}, which is outside of its folder or not a plain file name.`,
      action: 'Use a checkpoint whose index names only files beside it.',
    });
  }
  return base === '' ? relative : `${base}/${relative}`;
}

/** The error for a file that exists but cannot be read, or no longer exists. */
export function unreadableFile(path: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'unreachable',
    message: `${path} cannot be read: ${why}.`,
    action: 'Check that the file is still there and may be read, then try again.',
    cause,
  });
}

/** Words for a read beyond the end of a file. */
export function endsEarly(wanted: number, sizeBytes: number): string {
  return `it ends at byte ${sizeBytes}, before byte ${wanted}`;
}

function sizeOf(file: Uint8Array | Blob): number {
  return file instanceof Uint8Array ? file.length : file.size;
}

async function blobBytes(blob: Blob, path: string): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch (cause) {
    throw unreadableFile(path, 'the browser no longer has access to it', cause);
  }
}
