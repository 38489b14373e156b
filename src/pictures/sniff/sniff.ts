/**
 * Recognizes a file by its first bytes, without decoding it: format, size, number of frames, and whether it
 * is complete. The numbers in the file are not trusted: no read goes beyond the bytes.
 */

import { latin1, viewOf } from '../bytes.ts';
import { isPng, pngChunks } from '../formats/png-chunks.ts';
import type { PictureHeader, PictureKind } from './header.ts';
import { brandsOf, heifHeader } from './heif.ts';
import { jpegHeader } from './jpeg.ts';
import {
  APP_PNG,
  formatByBrands,
  type OtherFormat,
  otherFormat,
  RARE_JPEG,
  SVG,
  WEB_PAGE,
} from './other-formats.ts';

export type SniffedPicture = PictureHeader & { readonly kind: PictureKind };

/** A file that cannot be used as a picture. */
export type SniffedOther =
  | { readonly kind: 'empty' | 'text' | 'unknown' }
  | { readonly kind: 'other'; readonly other: OtherFormat };

/** Recognizes a file by its header. Never throws. */
export function sniffPicture(bytes: Uint8Array): SniffedPicture | SniffedOther {
  if (bytes.length === 0) return { kind: 'empty' };
  const start = latin1(bytes, 0, 8);
  if (isPng(bytes)) {
    if (latin1(bytes, 12, 4) === 'CgBI') return { kind: 'other', other: APP_PNG };
    return { kind: 'png', ...pngHeader(bytes) };
  }
  // A PNG signature with changed line ends: a program treated the file as text.
  if (/^\x89PNG[\r\n]/.test(start)) return { kind: 'png', ...UNKNOWN_SIZE };
  if (start.startsWith('\xff\xd8\xff')) {
    const { rare, ...header } = jpegHeader(bytes);
    return rare ? { kind: 'other', other: RARE_JPEG } : { kind: 'jpeg', ...header };
  }
  if (/^GIF8[79]a/.test(start)) return { kind: 'gif', ...gifHeader(bytes) };
  if (start.startsWith('RIFF') && latin1(bytes, 8, 4) === 'WEBP')
    return { kind: 'webp', ...webpHeader(bytes) };
  if (start.startsWith('BM') && bytes.length >= 18 && BMP_HEADERS.has(viewOf(bytes).getUint32(14, true))) {
    return { kind: 'bmp', ...bmpHeader(bytes) };
  }
  const other = otherFormat(bytes);
  if (other) return { kind: 'other', other };
  if (start.slice(4) === 'ftyp') {
    return heifHeader(bytes) ?? { kind: 'other', other: formatByBrands(brandsOf(bytes)) };
  }
  return sniffText(bytes);
}

const UNKNOWN_SIZE: PictureHeader = { width: 0, height: 0, frames: 1, complete: true };
const CUT: PictureHeader = { ...UNKNOWN_SIZE, complete: false };

/** Source: PNG specification (Third Edition), 5.3 chunk layout, 11.2.1 IHDR, 11.3.6.1 acTL */
function pngHeader(bytes: Uint8Array): PictureHeader {
  const view = viewOf(bytes);
  if (bytes.length < 33 || latin1(bytes, 12, 4) !== 'IHDR') return CUT;
  let frames = 1;
  let complete = false;
  let hasData = false;
  for (const { type, start } of pngChunks(bytes)) {
    if (type === 'acTL') frames = view.getUint32(start + 8);
    if (type === 'IDAT') hasData = true;
    if (type === 'IEND') complete = hasData;
  }
  return { width: view.getUint32(16), height: view.getUint32(20), frames, complete };
}

/** Source: GIF89a specification, 17 to 27 */
function gifHeader(bytes: Uint8Array): PictureHeader {
  if (bytes.length < 13) return CUT;
  const view = viewOf(bytes);
  let width = view.getUint16(6, true);
  let height = view.getUint16(8, true);
  let at = 13 + tableBytes(bytes[10]);
  let frames = 0;
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === 0x21) at += 2;
    else if (block === 0x2c && at + 10 <= bytes.length) {
      if (frames === 0) {
        // A first frame that reaches beyond the canvas enlarges it.
        width = Math.max(width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true));
        height = Math.max(height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true));
      }
      at += 10 + tableBytes(bytes[at + 9]) + 1;
    } else break;
    at = skipSubBlocks(bytes, at);
    if (block === 0x2c && at <= bytes.length) frames++;
  }
  // Only the first frame is used, so a missing later frame does not matter.
  return { width, height, frames, complete: frames > 0 };
}

function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** The offset after the data sub-blocks that begin at `at`. Lies beyond the bytes if they are cut off. */
function skipSubBlocks(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && bytes[next] !== 0) next += 1 + bytes[next];
  return next + 1;
}

/** Source: RFC 9649, 2.3 to 2.7 */
function webpHeader(bytes: Uint8Array): PictureHeader {
  if (bytes.length < 30) return CUT;
  const view = viewOf(bytes);
  const complete = view.getUint32(4, true) + 8 <= bytes.length;
  const still = { frames: 1, complete };
  switch (latin1(bytes, 12, 4)) {
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
        frames: bytes[20] & 2 ? Math.max(2, webpFrames(bytes)) : 1,
        complete,
      };
    }
    default:
      return { ...UNKNOWN_SIZE, complete };
  }
}

function webpFrames(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let frames = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (latin1(bytes, at, 4) === 'ANMF') frames++;
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return frames;
}

/** Lengths that the header of a BMP can have. They tell a BMP from text that begins with "BM". */
const BMP_HEADERS: ReadonlySet<number> = new Set([12, 40, 52, 56, 64, 108, 124]);

/** Source: BITMAPCOREHEADER and BITMAPINFOHEADER of the Windows GDI reference */
function bmpHeader(bytes: Uint8Array): PictureHeader {
  const view = viewOf(bytes);
  const old = view.getUint32(14, true) === 12;
  if (bytes.length < 26) return CUT;
  const width = old ? view.getUint16(18, true) : Math.abs(view.getInt32(18, true));
  const height = old ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  // The file length in the header is often wrong. The decoder notices missing pixels.
  return { width, height, frames: 1, complete: true };
}

/** How many bytes decide whether a file is text. */
const TEXT_BYTES = 4096;

function sniffText(bytes: Uint8Array): SniffedOther {
  // `stream` leaves out a last character whose bytes are cut off.
  const text = textDecoder(bytes).decode(bytes.subarray(0, TEXT_BYTES), { stream: true });
  const markup = text.replace(/^\uFEFF/, '').replace(/<!--[\s\S]*?-->/g, '');
  if (/^\s*(<\?xml[^>]*>\s*)?(<!DOCTYPE\s+svg[^>]*>\s*)?<svg[\s>]/i.test(markup)) {
    return { kind: 'other', other: SVG };
  }
  if (/^\s*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html|head|body)[\s>]/i.test(markup)) {
    return { kind: 'other', other: WEB_PAGE };
  }
  return { kind: /\uFFFD|(?!\s)\p{Cc}/u.test(text) ? 'unknown' : 'text' };
}

/** UTF-16 if the text begins with its byte order mark, otherwise UTF-8. */
function textDecoder(bytes: Uint8Array): TextDecoder {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be');
  return new TextDecoder();
}
