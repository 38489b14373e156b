/** Pictures to and from files: reading what a person gives, and giving away what was drawn. */

import { MAX_REFERENCES } from '../../config/config.ts';
import { type ErrorReport, reportOf } from '../../errors.ts';
import { encodePng } from '../../pictures/encode.web.ts';
import type { Picture } from '../../protocol.ts';
import type { Reference } from '../composer/references.ts';
import { rememberPreview } from './file-previews.ts';
import { openPictureReader, type PictureReader } from './picture-inspector.ts';

/** Hands the picture to the browser's downloads. */
export async function savePicture(picture: Picture, fileName: string): Promise<void> {
  const url = URL.createObjectURL(await encodePng(picture));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download reads the URL after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Puts the picture on the clipboard; rejects if the browser does not let the page do that. */
export async function copyPicture(picture: Picture): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': encodePng(picture) })]);
}

/** A drawn picture as a reference for the next one. */
export async function referenceOf(picture: Picture, name: string): Promise<Reference> {
  const { width, height } = picture;
  return { id: crypto.randomUUID(), blob: await encodePng(picture), name, width, height };
}

export interface ReadPictures {
  readonly references: readonly Reference[];
  /** What is to be told of those: each names its file. */
  readonly notes: readonly string[];
  /** Why the other files cannot be used, each with its name. */
  readonly refusals: readonly ErrorReport[];
  /** How many files were not looked at, because as many pictures were found as can be used. */
  readonly unread: number;
}

/** Reads files as pictures, in the order given, until no more can be used. */
export async function readPictures(files: readonly Blob[]): Promise<ReadPictures> {
  const references: Reference[] = [];
  const notes: string[] = [];
  const refusals: ErrorReport[] = [];
  const reader = openPictureReader();
  try {
    for (const file of files) {
      if (references.length === MAX_REFERENCES) break;
      try {
        references.push(await readPicture(reader, file, notes));
      } catch (error) {
        refusals.push(reportOf(error, 'Reading the picture'));
      }
    }
  } finally {
    reader.close();
  }
  return { references, notes, refusals, unread: files.length - references.length - refusals.length };
}

/** @throws OmniError `bad_image`, or `unreachable` if the file is no longer there */
async function readPicture(reader: PictureReader, file: Blob, notes: string[]): Promise<Reference> {
  const name = file instanceof File && file.name !== '' ? file.name : 'The pasted picture';
  const seen = await reader.read(file, name);
  const { width, height, file: blob } = seen;
  rememberPreview(blob, seen.thumbnail);
  notes.push(...seen.notes);
  return { id: crypto.randomUUID(), blob, name, width, height };
}

/** A file name from the words of a request: "a-red-house-48213007.png". */
export function fileNameFor(prompt: string, seed: number): string {
  const words = prompt
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
    .replace(/-+$/, '');
  return `${words || 'picture'}-${seed}.png`;
}
