/** Pictures to and from files: reading what a person gives, and giving away what was drawn. */

import { type ErrorReport, reportOf } from '../../errors.ts';
import { MAX_REFERENCES } from '../../omnigen2/config.ts';
import { checkPictureFile, pictureBytes, undecodable } from '../../omnigen2/images/check.ts';
import type { Picture } from '../../protocol.ts';
import type { Reference } from '../composer/references.ts';

/** The picture as a PNG file, pixel by pixel. */
export function pngOf(picture: Picture): Promise<Blob> {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext('2d')?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** Hands the picture to the browser's downloads. */
export async function savePicture(picture: Picture, fileName: string): Promise<void> {
  const url = URL.createObjectURL(await pngOf(picture));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download reads the URL after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Puts the picture on the clipboard; rejects if the browser does not let the page do that. */
export async function copyPicture(picture: Picture): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': pngOf(picture) })]);
}

/** A drawn picture as a reference for the next one. */
export async function referenceOf(picture: Picture, name: string): Promise<Reference> {
  const { width, height } = picture;
  return { id: crypto.randomUUID(), blob: await pngOf(picture), name, width, height };
}

export interface ReadPictures {
  readonly references: readonly Reference[];
  /** Why the other files cannot be used, each with its name. */
  readonly refusals: readonly ErrorReport[];
  /** How many files were not looked at, because as many pictures were found as can be used. */
  readonly unread: number;
}

/** The official bounds on a reference; a picture that is too narrow for these is too narrow at every size. */
const WIDEST = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 };

/**
 * Reads files as pictures, in the order given, until no more can be used. One at a time: a folder of photographs decoded
 * at once takes gigabytes.
 */
export async function readPictures(files: readonly Blob[]): Promise<ReadPictures> {
  const references: Reference[] = [];
  const refusals: ErrorReport[] = [];
  for (const file of files) {
    if (references.length === MAX_REFERENCES) break;
    try {
      references.push(await readPicture(file));
    } catch (error) {
      refusals.push(reportOf(error, 'Reading the picture'));
    }
  }
  return { references, refusals, unread: files.length - references.length - refusals.length };
}

/**
 * The file as a reference. Its header is looked at before anything is decoded.
 * @throws OmniError `bad_image`; `unreachable` if the file is no longer there
 */
async function readPicture(file: Blob): Promise<Reference> {
  const name = file instanceof File && file.name !== '' ? file.name : 'The pasted picture';
  const bytes = await pictureBytes(file, name);
  const { kind } = checkPictureFile(bytes, name, WIDEST);
  // Without the type that the file claims: it may be wrong, and the bytes have been looked at.
  const bitmap = await createImageBitmap(new Blob([bytes])).catch((cause: unknown) => {
    throw undecodable(kind, name, cause);
  });
  const { width, height } = bitmap;
  bitmap.close();
  return { id: crypto.randomUUID(), blob: file, name, width, height };
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
