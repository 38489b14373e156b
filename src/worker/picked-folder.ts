/** Reads the files of a folder that a person picked or dropped. Nothing is copied. */

import { type CheckpointFolder, memoryFolder } from '../checkpoints/folder.ts';
import { OmniError } from '../errors.ts';
import type { FolderSource, PickedFile } from '../protocol.ts';

/** The components of a checkpoint are one folder deep. The folder above a checkpoint is read too. */
const MAX_DEPTH = 3;
const MAX_FILES = 4000;

/**
 * A picked folder as the folder of a checkpoint. Weights are read from its files when they are needed.
 * @throws OmniError as {@link filesOfDirectory}
 */
export async function folderOf(signal: AbortSignal, picked: FolderSource): Promise<CheckpointFolder> {
  const files = picked.kind === 'files' ? picked.files : await filesOfDirectory(signal, picked.directory);
  return memoryFolder(picked.name, new Map(files.map(({ path, file }) => [path, file])));
}

/**
 * Lists the files of a folder and of its subfolders, three levels deep. Hidden folders are left out: `.git`
 * of a cloned checkpoint holds all weights a second time.
 * @throws OmniError `unreachable` if the page may not read the folder or if it no longer exists,
 *   `bad_checkpoint` for a folder with thousands of files
 */
async function filesOfDirectory(
  signal: AbortSignal,
  directory: FileSystemDirectoryHandle,
): Promise<readonly PickedFile[]> {
  const files: PickedFile[] = [];
  const walk = async (folder: FileSystemDirectoryHandle, prefix: string, depth: number): Promise<void> => {
    for await (const entry of folder.values()) {
      signal.throwIfAborted();
      if (entry.name.startsWith('.')) continue;
      const path = prefix + entry.name;
      if (isFile(entry)) {
        files.push({ path, file: await entry.getFile() });
        if (files.length > MAX_FILES) throw tooManyFiles(directory.name);
      } else if (isDirectory(entry) && depth < MAX_DEPTH) {
        await walk(entry, `${path}/`, depth + 1);
      }
    }
  };
  try {
    await walk(directory, '', 0);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof OmniError) throw cause;
    throw unreadableFolder(directory.name, cause);
  }
  return files;
}

function isFile(entry: FileSystemHandle): entry is FileSystemFileHandle {
  return entry.kind === 'file';
}

function isDirectory(entry: FileSystemHandle): entry is FileSystemDirectoryHandle {
  return entry.kind === 'directory';
}

function unreadableFolder(name: string, cause: unknown): OmniError {
  const refused = cause instanceof DOMException && cause.name === 'NotAllowedError';
  return new OmniError({
    code: 'unreachable',
    message: refused
      ? `The browser does not let this page read the folder ${name}.`
      : `The folder ${name} can no longer be read.`,
    action: refused
      ? 'Allow reading it on the page Models.'
      : 'Check that it was not moved or deleted, and pick it again.',
    cause,
  });
}

function tooManyFiles(name: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `The folder ${name} holds more than ${MAX_FILES} files, so it is not a checkpoint.`,
    action: 'Choose the folder with model_index.json, transformer, vae, mllm, processor and scheduler in it.',
  });
}
