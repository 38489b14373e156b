/** How a photo is to be turned, as its EXIF block says. Source of the format: CIPA DC-008 (Exif 2.32), 4.5.2 and 4.6.4 */

import { latin, viewOf } from './bytes.ts';
import type { RgbImage } from './image.ts';
import type { PictureKind } from './sniff.ts';

/** 1 upright, 2 mirrored, 3 half a turn, 4 upside down mirrored, 5 to 8 with the sides exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const TAG_ORIENTATION = 0x0112;
/** A tag that no reader knows. */
const TAG_NOTHING = 0xfffe;
const TYPE_SHORT = 3;
const TYPE_LONG = 4;

export interface Upright {
  readonly orientation: Orientation;
  /** The file without its orientation, so that a decoder that would turn the picture by itself does not. */
  readonly bytes: Uint8Array;
}

/**
 * The orientation of a JPEG, PNG or WebP. Decoders differ in which of these they turn, so that none is left to turn any;
 * AVIF and HEIC say it in their own boxes, which all decoders follow.
 */
export function readOrientation(bytes: Uint8Array, kind: PictureKind): Upright {
  const block = exifBlock(bytes, kind);
  const entry = block && orientationEntry(bytes.subarray(block.start, block.end));
  if (!block || !entry) return { orientation: 1, bytes };
  // Not `slice`, which shares the memory of a Buffer of Node.
  const neutral = new Uint8Array(bytes);
  viewOf(neutral).setUint16(block.start + entry.at, TAG_NOTHING, entry.little);
  return { orientation: entry.orientation, bytes: neutral };
}

interface Block {
  readonly start: number;
  readonly end: number;
}

function exifBlock(bytes: Uint8Array, kind: PictureKind): Block | undefined {
  switch (kind) {
    case 'jpeg':
      return exifOfJpeg(bytes);
    case 'png':
      return exifOfPng(bytes);
    case 'webp':
      return exifOfWebp(bytes);
    default:
      return undefined;
  }
}

function exifOfJpeg(bytes: Uint8Array): Block | undefined {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    // The first scan: what belongs to the whole picture stands before it.
    if (marker === 0xda) return undefined;
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    if (marker === 0xe1 && latin(bytes, at + 4, 6) === 'Exif\0\0') return { start: at + 10, end };
    at = end;
  }
  return undefined;
}

function exifOfPng(bytes: Uint8Array): Block | undefined {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (latin(bytes, at + 4, 4) === 'eXIf') return { start: at + 8, end: at + 8 + view.getUint32(at) };
  }
  return undefined;
}

function exifOfWebp(bytes: Uint8Array): Block | undefined {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    if (latin(bytes, at, 4) === 'EXIF') {
      const start = at + 8 + (latin(bytes, at + 8, 6) === 'Exif\0\0' ? 6 : 0);
      return { start, end: at + 8 + size };
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}

interface OrientationEntry {
  readonly orientation: Orientation;
  readonly at: number;
  readonly little: boolean;
}

/** The orientation in a TIFF structure; undefined if there is none or it is none of the eight. */
function orientationEntry(tiff: Uint8Array): OrientationEntry | undefined {
  const order = latin(tiff, 0, 4);
  if (tiff.length < 14 || (order !== 'II*\0' && order !== 'MM\0*')) return undefined;
  const little = order === 'II*\0';
  const view = viewOf(tiff);
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return undefined;
  const count = view.getUint16(start, little);
  for (let i = 0, at = start + 2; i < count && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== TAG_ORIENTATION) continue;
    const type = view.getUint16(at + 2, little);
    const value =
      type === TYPE_SHORT
        ? view.getUint16(at + 8, little)
        : type === TYPE_LONG
          ? view.getUint32(at + 8, little)
          : 0;
    return isOrientation(value) ? { orientation: value, at, little } : undefined;
  }
  return undefined;
}

function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** The picture as it is to be seen, given as it is stored. */
export function turned(image: RgbImage, orientation: Orientation): RgbImage {
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
