/** Folders that a person drops. */

import { OmniError } from '../../errors.ts';
import { isHidden } from '../../picked-files.ts';
import type { FolderSource, PickedFile } from '../../protocol.ts';
import { directoryOfItem } from './file-system-access.ts';

/** A component of a checkpoint is one folder deep. The folder above a checkpoint is read too. */
const MAX_DEPTH = 3;

export interface DroppedFolder {
  readonly name: string;
  /** Whether it has the `model_index.json` of a checkpoint. */
  isCheckpoint(): Promise<boolean>;
  /** @throws OmniError `unreachable` if the browser cannot read the folder */
  read(): Promise<FolderSource>;
}

/** What a drop holds. `files` are those that are not in a folder. */
export interface Dropped {
  readonly folders: readonly DroppedFolder[];
  readonly files: readonly File[];
}

/**
 * Reads a drop. It must be called within the event, because the browser empties the drop afterwards.
 */
export function readDrop(transfer: DataTransfer): Dropped {
  const folders: DroppedFolder[] = [];
  const files: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry && isDirectory(entry)) folders.push(droppedFolder(item, entry));
    else if (file) files.push(file);
  }
  return { folders, files };
}

/** A dropped folder: a handle where the browser has them, because that lasts longer than this visit. */
function droppedFolder(item: DataTransferItem, entry: FileSystemDirectoryEntry): DroppedFolder {
  const { name } = entry;
  const handle = directoryOfItem(item);
  return {
    name,
    isCheckpoint: () =>
      new Promise((resolve) =>
        entry.getFile(
          'model_index.json',
          {},
          () => resolve(true),
          () => resolve(false),
        ),
      ),
    async read() {
      const directory = await handle;
      if (directory) return { kind: 'directory', name, directory };
      return { kind: 'files', name, files: await filesOfEntry(entry) };
    },
  };
}

/** @throws OmniError `unreachable` if the browser cannot read the folder */
async function filesOfEntry(root: FileSystemDirectoryEntry): Promise<readonly PickedFile[]> {
  const files: PickedFile[] = [];
  const walk = async (folder: FileSystemDirectoryEntry, prefix: string, depth: number): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      if (isHidden(entry.name)) continue;
      const path = prefix + entry.name;
      if (isFile(entry)) {
        files.push({ path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) });
      } else if (isDirectory(entry) && depth < MAX_DEPTH) {
        await walk(entry, `${path}/`, depth + 1);
      }
    }
  };
  try {
    await walk(root, '', 0);
  } catch (cause) {
    throw new OmniError({
      code: 'unreachable',
      message: `The folder ${root.name} cannot be read.`,
      action: 'Check that it was not moved or deleted, and drop it again.',
      cause,
    });
  }
  return files;
}

/** All entries of a folder. The browser gives them in parts of up to 100. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return all;
    all.push(...part);
  }
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
