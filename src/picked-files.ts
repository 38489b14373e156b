/** The files of a folder that a person picks with `<input type="file" webkitdirectory>`. */

import type { FolderSource, PickedFile } from './protocol.ts';

/**
 * The folder of picked files.
 * @param files the files of the input; the first part of `webkitRelativePath` is the name of the folder
 * @returns undefined if the files are not of a folder, or if there are none
 */
export function folderOfInput(files: readonly File[]): FolderSource | undefined {
  const name = files[0]?.webkitRelativePath.split('/', 1)[0];
  if (!name) return undefined;
  const listed = files.flatMap((file): PickedFile[] => {
    const path = file.webkitRelativePath.slice(name.length + 1);
    return isHidden(path) ? [] : [{ path, file }];
  });
  return { kind: 'files', name, files: listed };
}

/** Hidden files and folders hold no part of a checkpoint; `.git` holds all of its weights a second time. */
export function isHidden(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.'));
}
