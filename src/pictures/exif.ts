/** How a photo is to be applyOrientation, as its EXIF block says. */

import ExifReader from 'exifreader';
import { latin1, viewOf } from './bytes.ts';
import type { RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';

/** 1 upright, 2 mirrored, 3 half a turn, 4 upside down mirrored, 5 to 8 with the sides exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface OrientedFile {
  readonly orientation: Orientation;
  /** The file without its EXIF, so that a decoder that would turn the picture by itself does not. */
  readonly bytes: Uint8Array;
}

/** How much of a block is read: its first tags stand at its beginning, previews and notes of cameras behind them. */
const MAX_BYTES = 2 ** 16;

/** Over the name of a block: decoders pass over one that they do not know. */
const NO_NAME: readonly number[] = Array.from('exif', (letter) => letter.charCodeAt(0));

/**
 * The orientation of a JPEG, PNG or WebP. Decoders differ in which of these they turn, so that none is left to turn any;
 * AVIF and HEIC say it in their own boxes, which all decoders follow.
 */
export function readOrientation(bytes: Uint8Array, kind: PictureKind): OrientedFile {
  const starts = kind === 'jpeg' || kind === 'png' || kind === 'webp' ? exifBlocks(bytes) : [];
  if (starts.length === 0) return { orientation: 1, bytes };
  // Not `slice`, which shares the memory of a Buffer of Node.
  const hidden = new Uint8Array(bytes);
  // "EXIF" begins a block in WebP; "eXIf" (PNG) and "Exif" (JPEG) stand behind two numbers.
  for (const start of starts) hidden.set(NO_NAME, latin1(bytes, start, 4) === 'EXIF' ? start : start + 4);
  return { orientation: orientationOf(bytes, starts[0]), bytes: hidden };
}

/** Where the blocks of EXIF begin, each with its name and its length. */
function exifBlocks(bytes: Uint8Array): number[] {
  try {
    // No tag is read here: values may be said to be as long as the whole file.
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

/** The picture as it is to be seen, given as it is stored. */
export function applyOrientation(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { width: across, height: down, data: from } = image;
  const swapped = orientation >= 5;
  const [width, height] = swapped ? [down, across] : [across, down];
  // Where the upper left corner lies in the stored picture, and how far a step right and a step down go there.
  const fromRight = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const fromBottom = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const stepX = fromRight ? -1 : 1;
  const stepY = fromBottom ? -across : across;
  const corner = (fromBottom ? (down - 1) * across : 0) + (fromRight ? across - 1 : 0);
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
