/** Reads and applies the EXIF orientation. */

import ExifReader from 'exifreader';
import { latin1, viewOf } from './bytes.ts';
import type { RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';

/** 1 upright, 2 mirrored, 3 rotated by 180°, 4 flipped vertically, 5 to 8 with width and height exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface OrientedFile {
  readonly orientation: Orientation;
  /** The file with its EXIF hidden, so that no decoder rotates the picture itself. */
  readonly bytes: Uint8Array;
}

/** How much of a block is read. The first tags come first; camera notes and previews follow them. */
const MAX_BYTES = 2 ** 16;

/** Replaces the name of a block: decoders skip blocks that they do not know. */
const HIDDEN_NAME: readonly number[] = Array.from('exif', (letter) => letter.charCodeAt(0));

/**
 * Reads the EXIF orientation of a JPEG, PNG or WebP, and hides it from decoders, which differ in the formats
 * they rotate. AVIF and HEIC store the orientation in boxes of their own, which all decoders follow.
 */
export function readOrientation(bytes: Uint8Array, kind: PictureKind): OrientedFile {
  const starts = kind === 'jpeg' || kind === 'png' || kind === 'webp' ? exifBlocks(bytes) : [];
  if (starts.length === 0) return { orientation: 1, bytes };
  // Not `slice`: on a Node Buffer it returns a view of the same memory.
  const hidden = new Uint8Array(bytes);
  // In WebP, a block begins with "EXIF". "eXIf" (PNG) and "Exif" (JPEG) follow 4 bytes.
  for (const start of starts) hidden.set(HIDDEN_NAME, latin1(bytes, start, 4) === 'EXIF' ? start : start + 4);
  return { orientation: orientationOf(bytes, starts[0]), bytes: hidden };
}

/** Offsets of the EXIF blocks. Each block begins with its name and length. */
function exifBlocks(bytes: Uint8Array): number[] {
  try {
    // Reads no tag: a tag may claim a value as long as the whole file.
    const tags = ExifReader.loadView(viewOf(bytes), {
      expanded: true,
      includeOffsets: true,
      includeTags: {},
    });
    const blocks = tags.metadataRange?.blocks ?? [];
    return blocks.filter(({ type }) => type === 'exif').map(({ start }) => start);
  } catch {
    return [];
  }
}

function orientationOf(bytes: Uint8Array, block: number): Orientation {
  const mark = latin1(bytes, block, 14).indexOf('Exif\0\0');
  const start = block + (mark < 0 ? 8 : mark + 6);
  try {
    const tiff = viewOf(bytes.subarray(start, start + MAX_BYTES));
    const tags = ExifReader.loadView(tiff, { expanded: true, includeTags: { exif: ['Orientation'] } });
    const stored: unknown = tags.exif?.Orientation?.value;
    return isOrientation(stored) ? stored : 1;
  } catch {
    return 1;
  }
}

function isOrientation(value: unknown): value is Orientation {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 8;
}

/** Rotates and mirrors a stored picture so that it is upright. */
export function applyOrientation(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { width: storedWidth, height: storedHeight, data: from } = image;
  const swapped = orientation >= 5;
  const [width, height] = swapped ? [storedHeight, storedWidth] : [storedWidth, storedHeight];
  // Position of the upright picture's top left pixel in the stored one, and the steps to the right and down.
  const fromRight = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const fromBottom = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const stepX = fromRight ? -1 : 1;
  const stepY = fromBottom ? -storedWidth : storedWidth;
  const corner = (fromBottom ? (storedHeight - 1) * storedWidth : 0) + (fromRight ? storedWidth - 1 : 0);
  const [right, below] = swapped ? [stepY, stepX] : [stepX, stepY];
  const data = new Uint8Array(from.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    let source = 3 * (corner + y * below);
    for (let x = 0; x < width; x++, source += 3 * right) {
      data[at++] = from[source];
      data[at++] = from[source + 1];
      data[at++] = from[source + 2];
    }
  }
  return { width, height, data };
}
