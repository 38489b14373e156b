/** The reference pictures of a request, in order: the first is "image 1". */

import { MAX_REFERENCES } from '../../config/config.ts';
import { listed } from '../../listed.ts';

/** A reference picture. Width and height in pixels, after EXIF rotation. */
export interface Reference {
  readonly id: string;
  readonly blob: Blob;
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

/** Appends pictures up to {@link MAX_REFERENCES}. `refused` counts the pictures above the limit. */
export function addReferences(
  list: readonly Reference[],
  added: readonly Reference[],
): { readonly list: readonly Reference[]; readonly refused: number } {
  const places = Math.max(0, MAX_REFERENCES - list.length);
  return { list: [...list, ...added.slice(0, places)], refused: Math.max(0, added.length - places) };
}

/** Moves the picture at `from` to `to`. Returns the list unchanged if an index is out of range. */
export function moveReference(list: readonly Reference[], from: number, to: number): readonly Reference[] {
  if (from === to || from < 0 || to < 0 || from >= list.length || to >= list.length) return list;
  const moved = list.filter((_, index) => index !== from);
  moved.splice(to, 0, list[from]!);
  return moved;
}

export function removeReference(list: readonly Reference[], id: string): readonly Reference[] {
  return list.filter((reference) => reference.id !== id);
}

/** What drawing does, by the number of references. */
export type Mode = 'words' | 'edit' | 'mix';

export function modeOf(count: number): Mode {
  if (count === 0) return 'words';
  return count === 1 ? 'edit' : 'mix';
}

/** The mode as text, for example "New picture from images 1 and 2". */
export function modeText(count: number): string {
  switch (modeOf(count)) {
    case 'words':
      return 'From words';
    case 'edit':
      return 'Edits image 1';
    case 'mix':
      return `New picture from images ${listed(Array.from({ length: count }, (_, index) => String(index + 1)))}`;
  }
}
