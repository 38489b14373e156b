/** Pictures to and from files: reading what a person gives, and giving away what was drawn. */

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
  /** Names of the files that are no pictures this browser can read. */
  readonly unreadable: readonly string[];
}

/** Reads files as pictures, in the order given. */
export async function readPictures(files: readonly Blob[]): Promise<ReadPictures> {
  const read = await Promise.all(files.map(readPicture));
  return {
    references: read.filter((each) => typeof each !== 'string'),
    unreadable: read.filter((each) => typeof each === 'string'),
  };
}

/** The file as a reference, or its name if it cannot be read. */
async function readPicture(file: Blob): Promise<Reference | string> {
  const name = file instanceof File && file.name !== '' ? file.name : 'pasted picture';
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    bitmap.close();
    return { id: crypto.randomUUID(), blob: file, name, width, height };
  } catch {
    return name;
  }
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
