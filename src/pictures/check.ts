/** Whether a file can be used as a picture, told from its header before anything is decoded. */

import { OmniError } from '../errors.ts';
import type { Size } from './image.ts';
import type { PictureKind } from './sniff/header.ts';
import { HEIC, READABLE, SAVE_AS } from './sniff/other-formats.ts';
import { type SniffedOther, type SniffedPicture, sniffPicture } from './sniff/sniff.ts';

/** Throws OmniError `bad_image` for a size that a caller cannot use. `name` is how the message calls the picture. */
export type SizeCheck = (size: Size, name: string) => void;

/** A file whose header has passed. */
export interface CheckedPicture extends SniffedPicture {
  /** Said to the person. */
  readonly notes: readonly string[];
}

/** Decoding more would take over 400 MB. */
export const MAX_PICTURE_PIXELS = 100_000_000;
const MAX_PICTURE_SIDE = 16_384;
const MIN_PICTURE_SIDE = 16;

/** More than a picture of that many pixels takes in any of the formats that can be read. */
const MAX_PICTURE_BYTES = 500_000_000;
/** Files up to this size are read at once. */
const LARGE_BYTES = 50_000_000;
/** What is enough of a file to tell what it is. */
export const HEAD_BYTES = 65_536;

/**
 * Checks a file before all of it is read: a film of gigabytes is no picture and does not fit into memory.
 * @param head its first {@link HEAD_BYTES}, or fewer if there are no more
 * @throws OmniError `bad_image`
 */
export function checkHead(head: Uint8Array, sizeBytes: number, name: string): void {
  const facts = sniffPicture(head);
  if (!isPicture(facts)) throw notAPicture(facts, name);
  if (sizeBytes > MAX_PICTURE_BYTES) {
    throw badImage(
      `${name} has ${Math.round(sizeBytes / 1e6).toLocaleString('en')} MB; pictures may have at most ${MAX_PICTURE_BYTES / 1e6}.`,
      'Shrink the picture.',
    );
  }
}

/**
 * Checks a picture file. An animation passes with a note that its first frame is used. Whether the decoder at hand knows
 * the format shows when it tries: see {@link undecodablePicture}.
 * @param name how messages name it, such as the file's name
 * @param checkSize throws for sizes that the caller cannot use
 * @throws OmniError `bad_image`
 */
export function checkPictureFile(bytes: Uint8Array, name: string, checkSize?: SizeCheck): CheckedPicture {
  const facts = sniffPicture(bytes);
  if (!isPicture(facts)) throw notAPicture(facts, name);
  const { kind, width, height, frames } = facts;
  // A photo in HEIC is told by the decoder: most have none, and then its end does not matter.
  if (kind !== 'heic' || width > 0) {
    if (!facts.complete && kind !== 'heic') throw truncatedPicture(name);
    checkDimensions(width, height, name);
    checkSize?.(facts, name);
  }
  return {
    ...facts,
    notes: frames > 1 ? [`${name} is an animation; the first of its ${frames} frames is used.`] : [],
  };
}

/**
 * Checks the size of a picture: no dimension bomb, and not too small to be used at all.
 * @throws OmniError `bad_image`
 */
function checkDimensions(width: number, height: number, name: string): void {
  if (width === 0 || height === 0) throw unreadablePicture(name);
  const size = `${name} is ${width} x ${height} pixels`;
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

/** The refusal of a file that ends too early. */
export function truncatedPicture(name: string, cause?: unknown): OmniError {
  return badImage(
    `${name} is not complete: the file ends before the picture does.`,
    'Get the file again from where it came from.',
    cause,
  );
}

/** The refusal of a file whose contents make no picture. */
export function unreadablePicture(name: string, cause?: unknown): OmniError {
  return badImage(
    `${name} is damaged: it begins like a picture but cannot be decoded.`,
    'Get the file again, or open it in another program and save it as PNG.',
    cause,
  );
}

/** The refusal of a file that has passed and that the decoder at hand does not take. */
export function undecodablePicture(kind: PictureKind, name: string, cause: unknown): OmniError {
  switch (kind) {
    case 'heic':
      return badImage(`${name} is ${HEIC.is}.`, HEIC.action, cause);
    case 'bmp':
      return badImage(`${name} is a BMP of a rare kind, which cannot be read here.`, SAVE_AS, cause);
    default:
      return unreadablePicture(name, cause);
  }
}

/**
 * The bytes of a file that a person chose.
 * @throws OmniError `bad_image` if it is no picture; `unreachable` if it is no longer there, or a folder
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
      message: `${name} could not be read: the file was moved or changed after it was chosen, or may not be opened.`,
      action: 'Choose the file again.',
      cause,
    });
  }
}

function isPicture(facts: SniffedPicture | SniffedOther): facts is SniffedPicture {
  return 'width' in facts;
}

function notAPicture(facts: SniffedOther, name: string): OmniError {
  switch (facts.kind) {
    case 'empty':
      return badImage(`${name} is empty: it has 0 bytes.`, 'Get the file again from where it came from.');
    case 'text':
      return badImage(`${name} is text, not a picture.`, 'Choose a PNG, JPEG, WebP, GIF or AVIF file.');
    case 'unknown':
      return badImage(`${name} is not a picture that can be read; ${READABLE}.`, SAVE_AS);
    case 'other':
      return badImage(`${name} is ${facts.other.is}.`, facts.other.action);
    default:
      return facts satisfies never;
  }
}

function badImage(message: string, action: string, cause?: unknown): OmniError {
  return new OmniError({ code: 'bad_image', message, action, cause });
}
