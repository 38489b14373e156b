/** The folder of a checkpoint: in memory, on disk, picked in a browser, or in the browser's storage. */

import { OmniError } from '../errors.ts';

/** A file of a checkpoint. `path` is relative to the folder, with `/`. */
export interface FolderFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A folder with a checkpoint. Paths come from {@link CheckpointFolder.list} or {@link insidePath}. */
export interface CheckpointFolder {
  /** Name for a person: the last segment of its path, or the model's name. */
  readonly name: string;
  /** Lists all files, those in subfolders included. */
  list(): Promise<readonly FolderFile[]>;
  /**
   * Reads exactly `length` bytes of a file, from `offset` on.
   * @throws OmniError `unreachable` if they cannot be read
   */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /**
   * A range of a file: in memory, or a Blob that is read in pieces.
   * @throws OmniError `unreachable` if the file does not have it
   */
  slice(path: string, offset: number, length: number): Promise<Uint8Array | Blob>;
  /** A whole file: in memory, or a Blob that is read in pieces. */
  file(path: string): Promise<Uint8Array | Blob>;
  /** The absolute path of the folder, if its files are on a disk that the engine can read. */
  readonly directory?: string;
}

/**
 * A folder whose files are in memory or in Blobs. Files that a person picks in a browser are Blobs.
 *
 * @example
 * const { files } = await loadBundle(signal, { baseUrl: 'models/builtin' }, onProgress);
 * const checkpoint = await openCheckpoint(memoryFolder('built-in model', files));
 */
export function memoryFolder(name: string, files: ReadonlyMap<string, Uint8Array | Blob>): CheckpointFolder {
  const find = (path: string) => {
    const file = files.get(path);
    if (!file) throw unreadableFile(path, 'it does not exist');
    return file;
  };
  const slice = async (path: string, offset: number, length: number) => {
    const file = find(path);
    if (offset + length > sizeOf(file)) {
      throw unreadableFile(path, endsEarly(offset + length, sizeOf(file)));
    }
    return file instanceof Uint8Array
      ? file.subarray(offset, offset + length)
      : file.slice(offset, offset + length);
  };
  return {
    name,
    async list() {
      return [...files].map(([path, file]) => ({ path, sizeBytes: sizeOf(file) }));
    },
    slice,
    async read(path, offset, length) {
      const part = await slice(path, offset, length);
      return part instanceof Uint8Array ? part : new Uint8Array(await blobBytes(part, path));
    },
    async file(path) {
      return find(path);
    },
  };
}

/** Reads a whole file into memory: configurations, tokenizers, and weights if the engine accepts no Blob. */
export async function readWhole(folder: CheckpointFolder, path: string): Promise<Uint8Array> {
  const file = await folder.file(path);
  return file instanceof Uint8Array ? file : new Uint8Array(await blobBytes(file, path));
}

/**
 * Joins `base` and a path that a file in `base` names. The path must stay inside `base`.
 * @param base folder of that file, such as `transformer`
 * @param source name of that file, for messages
 * @throws OmniError `bad_checkpoint` for an absolute path, or one with `.`, `..` or a backslash
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

/**
 * The error for a file that cannot be read.
 * @param why the reason, which follows a colon
 */
export function unreadableFile(path: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'unreachable',
    message: `${path} cannot be read: ${why}.`,
    action: 'Check that the file exists and can be read, then try again.',
    cause,
  });
}

/** The reason for {@link unreadableFile} if a read goes beyond the end of the file. */
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
