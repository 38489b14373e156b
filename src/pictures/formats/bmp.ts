/** Decodes BMP files. Source of the format: Windows GDI reference, BITMAPINFOHEADER to BITMAPV5HEADER */

import { viewOf } from '../bytes.ts';
import { truncatedPicture, undecodablePicture, unreadablePicture } from '../check.ts';
import type { AlphaRule, RgbImage } from '../image.ts';

const CORE_HEADER_BYTES = 12;
/** Values of the compression field. */
const UNCOMPRESSED = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

interface BmpFile {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  /** Bits per pixel. */
  readonly bits: number;
  readonly compression: number;
  /** Entries of `entryBytes` bytes, in the order blue, green, red. */
  readonly palette: Uint8Array;
  readonly entryBytes: number;
  /** Bit masks of red, green, blue and alpha; 0 for a missing one. */
  readonly masks: readonly number[];
  readonly pixels: Uint8Array;
}

/**
 * Decodes a BMP to 8-bit RGB. Its values count as sRGB. Alpha is used where the header has a mask for it,
 * unless it is 0 everywhere.
 * @param name how messages name the picture
 * @throws OmniError `bad_image`
 */
export function decodeBmp(bytes: Uint8Array, name: string, alpha: AlphaRule): RgbImage {
  const file = readBmp(bytes, name);
  const { width, height, bits, compression } = file;
  const data = new Uint8Array(3 * width * height);
  if (compression === RLE8 || compression === RLE4) {
    const indexes = decodeRle(file);
    fillFromPalette(file, data, (x, y) => indexes[y * width + x]);
    return { width, height, data };
  }
  const stride = 4 * Math.ceil((width * bits) / 32);
  // The last row may have no padding.
  if (file.pixels.length < stride * (height - 1) + Math.ceil((width * bits) / 8))
    throw truncatedPicture(name);
  if (bits <= 8) {
    const mask = 2 ** bits - 1;
    fillFromPalette(file, data, (x, y) => {
      const bit = x * bits;
      return (file.pixels[y * stride + (bit >> 3)] >> (8 - bits - (bit & 7))) & mask;
    });
  } else {
    fillFromMasks(file, data, stride, alpha);
  }
  return { width, height, data };
}

/** @throws OmniError `bad_image` */
function readBmp(bytes: Uint8Array, name: string): BmpFile {
  const view = viewOf(bytes);
  const header = view.getUint32(14, true);
  if (bytes.length < 14 + header) throw truncatedPicture(name);
  const core = header === CORE_HEADER_BYTES;
  const storedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const bits = view.getUint16(core ? 24 : 28, true);
  const compression = core ? UNCOMPRESSED : view.getUint32(30, true);
  const masked = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const rle = compression === RLE8 || compression === RLE4;
  if (!masked && !rle && compression !== UNCOMPRESSED) throw undecodablePicture('bmp', name, undefined);
  const fits = masked
    ? bits === 16 || bits === 32
    : rle
      ? bits === (compression === RLE8 ? 8 : 4)
      : [1, 2, 4, 8, 16, 24, 32].includes(bits);
  if (!fits || width <= 0 || storedHeight === 0) throw unreadablePicture(name);
  // Masks are part of the header from its second version on; in the first they follow it.
  const maskCount = header >= 56 ? 4 : masked ? (compression === BITFIELDS ? 3 : 4) : 0;
  const masks = Array.from({ length: 4 }, (_, i) =>
    i < maskCount && 58 + 4 * i <= bytes.length ? view.getUint32(54 + 4 * i, true) : 0,
  );
  const paletteAt = 14 + header + (masked && header === 40 ? 4 * maskCount : 0);
  const entryBytes = core ? 3 : 4;
  const start = view.getUint32(10, true);
  // A palette may have fewer entries than the bits allow. Then the pixels begin where it ends.
  const fullPalette = paletteAt + entryBytes * 2 ** bits;
  const paletteEnd = start > paletteAt ? Math.min(start, fullPalette) : fullPalette;
  return {
    width,
    height: Math.abs(storedHeight),
    topDown: storedHeight < 0,
    bits,
    compression,
    palette: bits <= 8 ? bytes.subarray(paletteAt, paletteEnd) : bytes.subarray(0, 0),
    entryBytes,
    masks: masked ? masks : defaultMasks(bits),
    pixels: bytes.subarray(start),
  };
}

/** 16 bits: five per channel. 24 and 32 bits: eight per channel; the fourth byte is unused. */
function defaultMasks(bits: number): readonly number[] {
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

function fillFromPalette(
  { width, height, topDown, palette, entryBytes }: BmpFile,
  data: Uint8Array,
  indexAt: (x: number, y: number) => number,
): void {
  for (let y = 0, to = 0; y < height; y++) {
    const stored = topDown ? y : height - 1 - y;
    for (let x = 0; x < width; x++, to += 3) {
      const entry = entryBytes * indexAt(x, stored);
      // Indexes beyond the palette are black, as in other programs.
      for (let channel = 0; channel < 3; channel++) data[to + channel] = palette[entry + 2 - channel] ?? 0;
    }
  }
}

function fillFromMasks(
  { width, height, topDown, bits, masks, pixels }: BmpFile,
  data: Uint8Array,
  stride: number,
  alpha: AlphaRule,
): void {
  const step = bits / 8;
  const fields = masks.map(fieldOf);
  const [red, green, blue, opacity] = fields;
  const pixelAt = (at: number): number => {
    let value = 0;
    for (let i = step - 1; i >= 0; i--) value = value * 256 + (pixels[at + i] ?? 0);
    return value;
  };
  const transparent = alpha === 'over-white' && opacity !== undefined && hasAlpha();
  for (let y = 0, to = 0; y < height; y++) {
    let at = (topDown ? y : height - 1 - y) * stride;
    for (let x = 0; x < width; x++, at += step, to += 3) {
      const pixel = pixelAt(at);
      const share = transparent && opacity ? opacity(pixel) / 255 : 1;
      data[to] = Math.round(255 + ((red?.(pixel) ?? 0) - 255) * share);
      data[to + 1] = Math.round(255 + ((green?.(pixel) ?? 0) - 255) * share);
      data[to + 2] = Math.round(255 + ((blue?.(pixel) ?? 0) - 255) * share);
    }
  }

  function hasAlpha(): boolean {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) if (opacity?.(pixelAt(y * stride + x * step))) return true;
    }
    return false;
  }
}

/** Makes a function that reads one channel of a pixel as 0 to 255. Undefined if the mask is empty. */
function fieldOf(mask: number): ((pixel: number) => number) | undefined {
  if (mask === 0) return undefined;
  const unit = 2 ** (31 - Math.clz32(mask & -mask));
  const maximum = Math.floor(mask / unit);
  return (pixel) => Math.round((((pixel & mask) >>> 0) / unit / maximum) * 255);
}

/**
 * Decodes run-length encoded palette indexes `[height, width]`, rows from the bottom up. Skipped pixels are
 * 0.
 */
function decodeRle({ width, height, compression, pixels }: BmpFile): Uint8Array {
  const indexes = new Uint8Array(width * height);
  const half = compression === RLE4;
  let [x, y, at] = [0, 0, 0];
  const put = (index: number) => {
    if (x < width && y < height) indexes[y * width + x] = index;
    x++;
  };
  while (at + 1 < pixels.length && y < height) {
    const count = pixels[at];
    const value = pixels[at + 1];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(half ? (i % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      x += pixels[at] ?? 0;
      y += pixels[at + 1] ?? 0;
      at += 2;
    } else {
      for (let i = 0; i < value; i++) {
        const byte = pixels[at + (half ? i >> 1 : i)] ?? 0;
        put(half ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      // Padded to 16 bits.
      at += 2 * Math.ceil((half ? Math.ceil(value / 2) : value) / 2);
    }
  }
  return indexes;
}
