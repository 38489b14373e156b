/**
 * What a picture file claims to be, read from its first bytes without decoding it: kind, size, animation, and whether
 * its end is there. All numbers are from outside; nothing is trusted beyond the bytes at hand.
 */

import { heifFacts } from './sniff-heif.ts';
import { jpegFacts } from './sniff-jpeg.ts';

export type PictureKind = 'png' | 'jpeg' | 'webp' | 'gif' | 'avif' | 'heic' | 'bmp' | 'tiff' | 'svg';

/** What a header says. */
export interface PictureFacts {
  /** As stored; a JPEG may be turned by its EXIF orientation. 0 if the header does not say. */
  readonly width: number;
  readonly height: number;
  /** Whether there are further frames, or pages. */
  readonly animated: boolean;
  /** False if the file ends before its picture does, as far as its structure shows. */
  readonly complete: boolean;
}

export type SniffedPicture = PictureFacts & { readonly kind: PictureKind };

/** What a file is that is no picture. */
export type SniffedOther = { readonly kind: 'empty' | 'html' | 'text' | 'pdf' | 'unknown' };

/** Reads the header of a file. Never throws. */
export function sniffPicture(bytes: Uint8Array): SniffedPicture | SniffedOther {
  if (bytes.length === 0) return { kind: 'empty' };
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) {
    return { kind: 'png', ...pngFacts(bytes) };
  }
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return { kind: 'jpeg', ...jpegFacts(bytes) };
  const start = latin(bytes, 0, 6);
  if (start === 'GIF87a' || start === 'GIF89a') return { kind: 'gif', ...gifFacts(bytes) };
  if (start.startsWith('RIFF') && latin(bytes, 8, 4) === 'WEBP') return { kind: 'webp', ...webpFacts(bytes) };
  if (latin(bytes, 4, 4) === 'ftyp') {
    const heif = heifFacts(bytes);
    if (heif) return heif;
  }
  if (start.startsWith('BM') && bytes.length >= 18 && BMP_HEADERS.has(viewOf(bytes).getUint32(14, true))) {
    return { kind: 'bmp', ...bmpFacts(bytes) };
  }
  if (/^(II\*\0|MM\0\*)/.test(start)) return { kind: 'tiff', ...tiffFacts(bytes) };
  if (start.startsWith('%PDF')) return { kind: 'pdf' };
  return sniffText(bytes);
}

const UNKNOWN_SIZE: PictureFacts = { width: 0, height: 0, animated: false, complete: true };
const CUT: PictureFacts = { ...UNKNOWN_SIZE, complete: false };

/** Source: PNG specification (Third Edition), 5.3 chunk layout, 11.2.1 IHDR, 11.3.6.1 acTL */
function pngFacts(bytes: Uint8Array): PictureFacts {
  const view = viewOf(bytes);
  if (bytes.length < 33 || latin(bytes, 12, 4) !== 'IHDR') return CUT;
  let animated = false;
  let complete = false;
  let hasData = false;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const type = latin(bytes, at + 4, 4);
    if (type === 'acTL') animated = true;
    if (type === 'IDAT') hasData = true;
    if (type === 'IEND') {
      complete = hasData;
      break;
    }
    at += 12 + view.getUint32(at);
  }
  return { width: view.getUint32(16), height: view.getUint32(20), animated, complete };
}

/** Source: GIF89a specification, 17 to 27 */
function gifFacts(bytes: Uint8Array): PictureFacts {
  if (bytes.length < 13) return CUT;
  const view = viewOf(bytes);
  const facts = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  let at = 13 + tableBytes(bytes[10]);
  let frames = 0;
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === 0x3b) break;
    if (block === 0x21) at += 2;
    else if (block === 0x2c && at + 10 <= bytes.length) at += 10 + tableBytes(bytes[at + 9]) + 1;
    else return { ...facts, animated: frames > 1, complete: frames > 0 };
    at = skipSubBlocks(bytes, at);
    if (block === 0x2c && at <= bytes.length) frames++;
    // Two frames settle it; long animations need not be walked.
    if (frames > 1) break;
  }
  // The first frame is enough: it is what is used.
  return { ...facts, animated: frames > 1, complete: frames > 0 };
}

function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Where the data sub-blocks that begin at `at` end; beyond the end of the bytes if they are cut off. */
function skipSubBlocks(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && bytes[next] !== 0) next += 1 + bytes[next];
  return next + 1;
}

/** Source: RFC 9649, 2.3 to 2.7 */
function webpFacts(bytes: Uint8Array): PictureFacts {
  if (bytes.length < 30) return CUT;
  const view = viewOf(bytes);
  const complete = view.getUint32(4, true) + 8 <= bytes.length;
  const still = { animated: false, complete };
  switch (latin(bytes, 12, 4)) {
    case 'VP8 ':
      return {
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
        ...still,
      };
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, ...still };
    }
    case 'VP8X': {
      const uint24 = (at: number) => view.getUint16(at, true) + bytes[at + 2] * 2 ** 16;
      return {
        width: uint24(24) + 1,
        height: uint24(27) + 1,
        animated: (bytes[20] & 2) !== 0,
        complete,
      };
    }
    default:
      return { ...UNKNOWN_SIZE, complete };
  }
}

/** Lengths of the headers that BMP files have: text may begin with "BM" too. */
const BMP_HEADERS: ReadonlySet<number> = new Set([12, 40, 52, 56, 64, 108, 124]);

/** Source: BITMAPCOREHEADER and BITMAPINFOHEADER of the Windows GDI reference */
function bmpFacts(bytes: Uint8Array): PictureFacts {
  const view = viewOf(bytes);
  const old = view.getUint32(14, true) === 12;
  if (bytes.length < 26) return CUT;
  const width = old ? view.getUint16(18, true) : Math.abs(view.getInt32(18, true));
  const height = old ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  return { width, height, animated: false, complete: view.getUint32(2, true) <= bytes.length };
}

const TIFF_SHORT = 3;

/** Size of the first page, and whether there are more. Source: TIFF 6.0, section 2 and tags 256, 257 */
function tiffFacts(bytes: Uint8Array): PictureFacts {
  if (bytes.length < 8) return CUT;
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  const start = view.getUint32(4, little) + 2;
  if (start > bytes.length) return CUT;
  const end = start + 12 * view.getUint16(start - 2, little);
  if (end + 4 > bytes.length) return CUT;
  const values = new Map<number, number>();
  for (let at = start; at < end; at += 12) {
    const short = view.getUint16(at + 2, little) === TIFF_SHORT;
    values.set(
      view.getUint16(at, little),
      short ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little),
    );
  }
  return {
    width: values.get(256) ?? 0,
    height: values.get(257) ?? 0,
    animated: view.getUint32(end, little) !== 0,
    complete: true,
  };
}

/** How much of a file is looked at to tell text from other bytes. */
const TEXT_BYTES = 4096;

function sniffText(bytes: Uint8Array): SniffedPicture | SniffedOther {
  // As a stream: a last character that is cut in half is left out.
  const text = new TextDecoder().decode(bytes.subarray(0, TEXT_BYTES), { stream: true });
  const markup = text.replace(/^\uFEFF/, '').replace(/<!--[\s\S]*?-->/g, '');
  if (/^\s*(<\?xml[^>]*>\s*)?(<!DOCTYPE\s+svg[^>]*>\s*)?<svg[\s>]/i.test(markup)) {
    return { kind: 'svg', ...UNKNOWN_SIZE };
  }
  if (/^\s*<(!doctype\s+html|html|head|body)[\s>]/i.test(markup)) return { kind: 'html' };
  return { kind: /\uFFFD|(?!\s)\p{Cc}/u.test(text) ? 'unknown' : 'text' };
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function latin(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
