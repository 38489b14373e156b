/** Whether a file can be used as a picture, told from its header before anything is decoded. */

import { OmniError } from '../../errors.ts';
import { type ReferenceLimits, referenceSize, SIZE_MULTIPLE } from './sizes.ts';
import { type PictureKind, type SniffedOther, type SniffedPicture, sniffPicture } from './sniff.ts';

/** A file whose header has passed. */
export interface CheckedPicture extends SniffedPicture {
  /** Said to the person. */
  readonly notes: readonly string[];
}

/** Decoding more would take over 400 MB. */
export const MAX_PICTURE_PIXELS = 100_000_000;
const MAX_PICTURE_SIDE = 16_384;

/** Formats that every browser and the command line decode. Of the others, each decodes some. */
const COMMON: readonly PictureKind[] = ['png', 'jpeg', 'webp', 'gif', 'avif'];
const SAVE_AS = 'Save it as PNG or JPEG and try again.';

/**
 * Checks a picture file. An animation passes with a note that its first frame is used. Whether the decoder at hand knows
 * the format shows when it tries: see {@link undecodable}.
 * @param name how messages name it, such as the file's name
 * @param limits what it will be shrunk to as a reference, which must leave 16 pixels on each side
 * @throws OmniError `bad_image`
 */
export function checkPictureFile(bytes: Uint8Array, name: string, limits?: ReferenceLimits): CheckedPicture {
  const facts = sniffPicture(bytes);
  if (!isPicture(facts)) throw notAPicture(facts, name);
  const { kind, width, height } = facts;
  if (kind === 'svg') {
    throw badImage(
      `${name} is a drawing in SVG, which has no pixels of its own.`,
      'Save it as PNG and try again.',
    );
  }
  if (!facts.complete) throw truncated(name);
  checkDimensions(width, height, name);
  if (limits) referenceSize(facts, limits, name);
  const rest = kind === 'tiff' ? 'has several pages; its first page' : 'is animated; its first frame';
  return { ...facts, notes: facts.animated ? [`${name} ${rest} is used.`] : [] };
}

/**
 * Checks the size of a picture: no dimension bomb, and not too small to be used at all.
 * @throws OmniError `bad_image`
 */
function checkDimensions(width: number, height: number, name: string): void {
  if (width === 0 || height === 0) throw unreadable(name);
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
  if (width < SIZE_MULTIPLE || height < SIZE_MULTIPLE) {
    throw badImage(`${size}; each side needs at least ${SIZE_MULTIPLE}.`, 'Use a larger picture.');
  }
}

/** The refusal of a file that ends too early. */
export function truncated(name: string, cause?: unknown): OmniError {
  return badImage(
    `${name} is not complete: the file ends before the picture does.`,
    'Get the file again from where it came from.',
    cause,
  );
}

/** The refusal of a file whose contents make no picture. */
function unreadable(name: string, cause?: unknown): OmniError {
  return badImage(
    `${name} is damaged: it begins like a picture but cannot be decoded.`,
    'Get the file again, or open it in another program and save it as PNG.',
    cause,
  );
}

/** The refusal of a file that has passed and that the decoder at hand does not take. */
export function undecodable(kind: PictureKind, name: string, cause: unknown): OmniError {
  if (COMMON.includes(kind)) return unreadable(name, cause);
  const what = `${name} is a ${kind.toUpperCase()} file, which cannot be decoded here`;
  return badImage(`${what}; PNG, JPEG, WebP, GIF and AVIF can.`, SAVE_AS, cause);
}

/**
 * The bytes of a file that a person chose.
 * @throws OmniError `unreachable` if it is no longer there
 */
export async function pictureBytes(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new OmniError({
      code: 'unreachable',
      message: `${name} could not be read: the file was moved or changed after it was chosen.`,
      action: 'Choose the file again.',
      cause,
    });
  }
}

function isPicture(facts: SniffedPicture | SniffedOther): facts is SniffedPicture {
  return 'width' in facts;
}

function notAPicture({ kind }: SniffedOther, name: string): OmniError {
  switch (kind) {
    case 'empty':
      return badImage(`${name} is empty: it has 0 bytes.`, 'Get the file again from where it came from.');
    case 'html':
      return badImage(
        `${name} is a web page, not a picture.`,
        'Save the picture itself, not the page around it.',
      );
    case 'text':
      return badImage(`${name} is text, not a picture.`, 'Choose a PNG, JPEG, WebP, GIF or AVIF file.');
    case 'pdf':
      return badImage(`${name} is a PDF document, not a picture.`, SAVE_AS);
    case 'unknown':
      return badImage(
        `${name} is not a picture that can be read; PNG, JPEG, WebP, GIF and AVIF can.`,
        SAVE_AS,
      );
    default:
      return kind satisfies never;
  }
}

function badImage(message: string, action: string, cause?: unknown): OmniError {
  return new OmniError({ code: 'bad_image', message, action, cause });
}
