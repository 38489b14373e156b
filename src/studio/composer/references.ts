/** The reference pictures of a request, in order: the first is "image 1". */

import { MAX_REFERENCES } from '../../config/config.ts';
import { listed } from '../../listed.ts';

/** A picture the person gave. Width and height in pixels, as shown (EXIF rotation applied). */
export interface Reference {
  readonly id: string;
  readonly blob: Blob;
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

/** Appends pictures up to {@link MAX_REFERENCES}; `refused` counts those that found no place. */
export function addReferences(
  list: readonly Reference[],
  added: readonly Reference[],
): { readonly list: readonly Reference[]; readonly refused: number } {
  const places = Math.max(0, MAX_REFERENCES - list.length);
  return { list: [...list, ...added.slice(0, places)], refused: Math.max(0, added.length - places) };
}

/** Moves the picture at `from` so that it stands at `to`; an index outside the list changes nothing. */
export function moveReference(list: readonly Reference[], from: number, to: number): readonly Reference[] {
  if (from === to || from < 0 || to < 0 || from >= list.length || to >= list.length) return list;
  const moved = list.filter((_, index) => index !== from);
  moved.splice(to, 0, list[from]!);
  return moved;
}

export function removeReference(list: readonly Reference[], id: string): readonly Reference[] {
  return list.filter((reference) => reference.id !== id);
}

/** What the page will do with that many references. */
export type Mode = 'words' | 'edit' | 'mix';

export function modeOf(count: number): Mode {
  if (count === 0) return 'words';
  return count === 1 ? 'edit' : 'mix';
}

/** The mode as the page says it, for example "New picture from images 1 and 2". */
export function modeWords(count: number): string {
  switch (modeOf(count)) {
    case 'words':
      return 'From words';
    case 'edit':
      return 'Edits image 1';
    case 'mix':
      return `New picture from images ${listed(Array.from({ length: count }, (_, index) => String(index + 1)))}`;
  }
}
