/** Decodes the first frame of a GIF. Source of the format: GIF89a specification */

import { concatBytes, viewOf } from '../bytes.ts';
import { unreadablePicture } from '../check.ts';
import type { AlphaRule, RgbImage } from '../image.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;
const WHITE = 255;

/** First row and row step of the four passes of an interlaced frame. Source: annex E */
const PASSES: readonly (readonly [first: number, step: number])[] = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
];

/**
 * Decodes the first frame to 8-bit RGB. Transparent pixels, and those outside the frame, are white.
 * @param name how messages name the picture
 * @param size of the canvas, as its header says, in pixels
 * @param alpha with `dropped`, a transparent pixel has the colour of its table entry
 * @throws OmniError `bad_image` if the frame is damaged
 */
export function decodeGif(
  bytes: Uint8Array,
  name: string,
  { width, height }: { readonly width: number; readonly height: number },
  alpha: AlphaRule,
): RgbImage {
  const view = viewOf(bytes);
  const globalTable = colourTable(bytes, 13, bytes[10]);
  let transparent = -1;
  let at = 13 + globalTable.length;
  while (bytes[at] === EXTENSION) {
    if (bytes[at + 1] === GRAPHIC_CONTROL && bytes[at + 2] >= 4)
      transparent = bytes[at + 3] & 1 ? bytes[at + 6] : -1;
    at += 2;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at];
    at++;
  }
  if (bytes[at] !== IMAGE || at + 11 > bytes.length) throw unreadablePicture(name);
  const frame = {
    left: view.getUint16(at + 1, true),
    top: view.getUint16(at + 3, true),
    width: view.getUint16(at + 5, true),
    height: view.getUint16(at + 7, true),
  };
  const flags = bytes[at + 9];
  const localTable = colourTable(bytes, at + 10, flags);
  const table = localTable.length > 0 ? localTable : globalTable;
  at += 10 + localTable.length;
  const indexes = decodeLzw(joinSubBlocks(bytes, at + 1), bytes[at], frame.width * frame.height);
  if (!indexes || frame.width === 0 || frame.height === 0) throw unreadablePicture(name);
  const data = new Uint8Array(3 * width * height).fill(WHITE);
  const rows = flags & 0x40 ? interlacedRows(frame.height) : undefined;
  for (let y = 0; y < frame.height; y++) {
    let to = 3 * ((frame.top + (rows ? rows[y] : y)) * width + frame.left);
    for (let x = 0; x < frame.width; x++, to += 3) {
      const index = indexes[y * frame.width + x];
      if (index === transparent && alpha === 'over-white') continue;
      // Indexes beyond the table are black, as in other decoders.
      for (let channel = 0; channel < 3; channel++) data[to + channel] = table[3 * index + channel] ?? 0;
    }
  }
  return { width, height, data };
}

function colourTable(bytes: Uint8Array, at: number, flags: number): Uint8Array {
  return bytes.subarray(at, at + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0));
}

function joinSubBlocks(bytes: Uint8Array, from: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = from; at < bytes.length && bytes[at] !== 0; at += 1 + bytes[at]) {
    blocks.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
  }
  return concatBytes(blocks);
}

/** For each stored row, its row in the frame. */
function interlacedRows(height: number): number[] {
  return PASSES.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  );
}

const MAX_CODES = 4096;

/**
 * Decompresses the LZW codes of a frame. Source: GIF89a specification, annex F
 * @param rootBits LZW minimum code size
 * @param count pixels of the frame
 * @returns undefined if a code is invalid, or the data ends before the frame is full
 */
function decodeLzw(compressed: Uint8Array, rootBits: number, count: number): Uint8Array | undefined {
  if (rootBits < 1 || rootBits > 11) return undefined;
  const clear = 2 ** rootBits;
  const end = clear + 1;
  // A code stands for the string of another code (its prefix), followed by one index (its suffix).
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES).fill(1);
  for (let code = 0; code < clear; code++) suffix[code] = code;
  const out = new Uint8Array(count);
  let written = 0;
  let bits = rootBits + 1;
  let next = end + 1;
  let previous = -1;
  let bitBuffer = 0;
  let bitCount = 0;
  let at = 0;
  while (written < count) {
    while (bitCount < bits) {
      if (at >= compressed.length) return undefined;
      bitBuffer |= compressed[at++] << bitCount;
      bitCount += 8;
    }
    const code = bitBuffer & (2 ** bits - 1);
    bitBuffer >>>= bits;
    bitCount -= bits;
    if (code === end) return undefined;
    if (code === clear) {
      bits = rootBits + 1;
      next = end + 1;
      previous = -1;
      continue;
    }
    if (code > next || (code === next && previous < 0)) return undefined;
    // A code that is not in the table yet stands for the previous string, followed by its own first index.
    const known = code < next ? code : previous;
    let first = known;
    while (first > end) first = prefix[first];
    const length = lengths[known] + (code < next ? 0 : 1);
    let to = written + length - 1;
    if (code === next) {
      if (to < count) out[to] = first;
      to--;
    }
    for (let each = known; to >= written; each = prefix[each], to--) if (to < count) out[to] = suffix[each];
    written += length;
    if (previous >= 0 && next < MAX_CODES) {
      prefix[next] = previous;
      suffix[next] = first;
      lengths[next] = lengths[previous] + 1;
      next++;
      if (next === 2 ** bits && bits < 12) bits++;
    }
    previous = code;
  }
  return out;
}
