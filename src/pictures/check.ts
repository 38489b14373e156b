/** Checks whether a file can be used as a picture. Reads only its header; decodes nothing. */

import { OmniError } from '../errors.ts';
import type { Size } from './image.ts';
import type { PictureKind } from './sniff/header.ts';
import { HEIC, READABLE, SAVE_AS } from './sniff/other-formats.ts';
import { type SniffedOther, type SniffedPicture, sniffPicture } from './sniff/sniff.ts';

/**
 * Throws OmniError `bad_image` for a size that the caller cannot use.
 * `name` is how the message names the picture.
 */
export type SizeCheck = (size: Size, name: string) => void;

/** A file that passed the check of its header. */
export interface CheckedPicture extends SniffedPicture {
  /** Sentences for the person. */
  readonly notes: readonly string[];
}

/** A larger picture would take over 400 MB to decode. */
export const MAX_PICTURE_PIXELS = 100_000_000;
const MAX_PICTURE_SIDE = 16_384;
const MIN_PICTURE_SIDE = 16;

/** No supported format needs more for a picture of {@link MAX_PICTURE_PIXELS}. */
const MAX_PICTURE_BYTES = 500_000_000;
/** Of files larger than this, the head is read and checked first. */
const LARGE_BYTES = 50_000_000;
/** How many bytes of a file are enough to recognize its format. */
export const HEAD_BYTES = 65_536;

/**
 * Checks the head of a large file before the rest is read: a video of gigabytes would not fit into memory.
 * @param head the first {@link HEAD_BYTES} bytes of the file, or all of a shorter file
 * @throws OmniError `bad_image` if the file is not a picture or is larger than 500 MB
 */
export function checkHead(head: Uint8Array, sizeBytes: number, name: string): void {
  const sniffed = sniffPicture(head);
  if (!isPicture(sniffed)) throw notAPictureError(sniffed, name);
  if (sizeBytes > MAX_PICTURE_BYTES) {
    throw badImage(
      `${name} has ${Math.round(sizeBytes / 1e6).toLocaleString('en')} MB; pictures may have at most ${MAX_PICTURE_BYTES / 1e6}.`,
      'Shrink the picture.',
    );
  }
}

/**
 * Checks a picture file by its header: format, size, and whether the file is complete. An animation passes
 * with a note that its first frame is used. A file that passes may still fail to decode: see
 * {@link undecodablePicture}.
 *
 * @example
 * const { kind, width, height, notes } = checkPictureFile(bytes, 'cat.png');
 *
 * @param name how messages name the picture, such as the file's name
 * @param checkSize throws for sizes that the caller cannot use
 * @throws OmniError `bad_image` if the file is not a picture, is not complete, or has an unusable size
 */
export function checkPictureFile(bytes: Uint8Array, name: string, checkSize?: SizeCheck): CheckedPicture {
  const sniffed = sniffPicture(bytes);
  if (!isPicture(sniffed)) throw notAPictureError(sniffed, name);
  const { kind, width, height, frames } = sniffed;
  // Most platforms cannot decode HEIC. Their refusal matters more than a HEIC file's missing end.
  if (kind !== 'heic' || width > 0) {
    if (!sniffed.complete && kind !== 'heic') throw truncatedPicture(name);
    checkDimensions(width, height, name);
    checkSize?.(sniffed, name);
  }
  return {
    ...sniffed,
    notes: frames > 1 ? [`${name} is an animation; the first of its ${frames} frames is used.`] : [],
  };
}

/** @throws OmniError `bad_image` for sizes that would fill the memory, and for sizes too small to use */
function checkDimensions(width: number, height: number, name: string): void {
  if (width === 0 || height === 0) throw unreadablePicture(name);
  const size = `${name} is ${width} × ${height} pixels`;
  if (width > MAX_PICTURE_SIDE || height > MAX_PICTURE_SIDE) {
    throw badImage(
      `${size}; a side may have at most ${MAX_PICTURE_SIDE.toLocaleString('en')}.`,
      'Shrink or crop the picture.',
    );
  }
  if (width * height > MAX_PICTURE_PIXELS) {
    throw badImage(
      `${size}, ${Math.round((width * height) / 1e6)} megapixels; at most ${MAX_PICTURE_PIXELS / 1e6} can be read.`,
      'Shrink the picture.',
    );
  }
  if (width < MIN_PICTURE_SIDE || height < MIN_PICTURE_SIDE) {
    throw badImage(`${size}; each side needs at least ${MIN_PICTURE_SIDE}.`, 'Use a larger picture.');
  }
}

/** The error for a file that ends too early. */
export function truncatedPicture(name: string, cause?: unknown): OmniError {
  return badImage(
    `${name} is not complete: the file ends before the picture does.`,
    'Get the file again from where it came from.',
    cause,
  );
}

/** The error for a file with the header of a picture and contents that cannot be decoded. */
export function unreadablePicture(name: string, cause?: unknown): OmniError {
  return badImage(
    `${name} is damaged: it begins like a picture but cannot be decoded.`,
    'Get the file again, or open it in another program and save it as PNG.',
    cause,
  );
}

/** The error for a file that passed the check and that the decoder rejects. */
export function undecodablePicture(kind: PictureKind, name: string, cause: unknown): OmniError {
  switch (kind) {
    case 'heic':
      return badImage(`${name} is ${HEIC.is}.`, HEIC.action, cause);
    case 'bmp':
      return badImage(`${name} is a rare kind of BMP, which cannot be read here.`, SAVE_AS, cause);
    default:
      return unreadablePicture(name, cause);
  }
}

/**
 * Reads a file that a person chose.
 * @throws OmniError `bad_image` if a large file is not a picture; `unreachable` if it can no longer be read
 */
export async function pictureBytes(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > LARGE_BYTES) checkHead(await read(file.slice(0, HEAD_BYTES), name), file.size, name);
  return read(file, name);
}

async function read(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new OmniError({
      code: 'unreachable',
      message: `${name} could not be read: the file was moved or changed after it was chosen, or the browser is not allowed to open it.`,
      action: 'Choose the file again.',
      cause,
    });
  }
}

function isPicture(sniffed: SniffedPicture | SniffedOther): sniffed is SniffedPicture {
  return 'width' in sniffed;
}

function notAPictureError(sniffed: SniffedOther, name: string): OmniError {
  switch (sniffed.kind) {
    case 'empty':
      return badImage(`${name} is empty: it has 0 bytes.`, 'Get the file again from where it came from.');
    case 'text':
      return badImage(`${name} is text, not a picture.`, 'Choose a PNG, JPEG, WebP, GIF, AVIF or BMP file.');
    case 'unknown':
      return badImage(`${name} is not a picture that can be read; ${READABLE}.`, SAVE_AS);
    case 'other':
      return badImage(`${name} is ${sniffed.other.is}.`, sniffed.other.action);
    default:
      return sniffed satisfies never;
  }
}

function badImage(message: string, action: string, cause?: unknown): OmniError {
  return new OmniError({ code: 'bad_image', message, action, cause });
}
