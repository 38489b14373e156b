/** Decodes the first frame of a GIF, the same everywhere. Source of the format: GIF89a specification */

import { concatBytes, viewOf } from '../bytes.ts';
import { unreadablePicture } from '../check.ts';
import type { AlphaRule, RgbImage } from '../image.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;
const WHITE = 255;

/** First row and steps of the four passes of an interlaced frame. Source: annex E */
const PASSES: readonly (readonly [first: number, step: number])[] = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
];

/**
 * The first frame as it is shown: what it does not cover, and its transparent pixels, are white.
 * @param size of the whole picture, as its header says
 * @param alpha with `dropped`, transparent pixels have the colour that the table gives them
 * @throws OmniError `bad_image`
 */
export function decodeGif(
  bytes: Uint8Array,
  name: string,
  { width, height }: { readonly width: number; readonly height: number },
  alpha: AlphaRule,
): RgbImage {
  const view = viewOf(bytes);
  const shared = colourTable(bytes, 13, bytes[10]);
  let transparent = -1;
  let at = 13 + shared.length;
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
  const own = colourTable(bytes, at + 10, flags);
  const table = own.length > 0 ? own : shared;
  at += 10 + own.length;
  const indexes = unpack(joinSubBlocks(bytes, at + 1), bytes[at], frame.width * frame.height);
  if (!indexes || frame.width === 0 || frame.height === 0) throw unreadablePicture(name);
  const data = new Uint8Array(3 * width * height).fill(WHITE);
  const rows = flags & 0x40 ? interlacedRows(frame.height) : undefined;
  for (let y = 0; y < frame.height; y++) {
    let to = 3 * ((frame.top + (rows ? rows[y] : y)) * width + frame.left);
    for (let x = 0; x < frame.width; x++, to += 3) {
      const index = indexes[y * frame.width + x];
      if (index === transparent && alpha === 'over-white') continue;
      // Beyond the table decoders show black.
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

/** The row of the frame that each stored row is. */
function interlacedRows(height: number): number[] {
  return PASSES.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  );
}

const MAX_CODES = 4096;

/**
 * Unpacks the variable-length codes of a frame. Source: GIF89a specification, annex F
 * @returns undefined if a code is impossible or the data ends before the frame is full
 */
function unpack(packed: Uint8Array, rootBits: number, count: number): Uint8Array | undefined {
  if (rootBits < 1 || rootBits > 11) return undefined;
  const clear = 2 ** rootBits;
  const end = clear + 1;
  // A code stands for the string of another code with one index behind it.
  const prefix = new Uint16Array(MAX_CODES);
  const last = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES).fill(1);
  for (let code = 0; code < clear; code++) last[code] = code;
  const out = new Uint8Array(count);
  let written = 0;
  let bits = rootBits + 1;
  let next = end + 1;
  let before = -1;
  let held = 0;
  let heldBits = 0;
  let at = 0;
  while (written < count) {
    while (heldBits < bits) {
      if (at >= packed.length) return undefined;
      held |= packed[at++] << heldBits;
      heldBits += 8;
    }
    const code = held & (2 ** bits - 1);
    held >>>= bits;
    heldBits -= bits;
    if (code === end) return undefined;
    if (code === clear) {
      bits = rootBits + 1;
      next = end + 1;
      before = -1;
      continue;
    }
    if (code > next || (code === next && before < 0)) return undefined;
    // The code that is just being made stands for the string before it with its own first index behind it.
    const known = code < next ? code : before;
    let first = known;
    while (first > end) first = prefix[first];
    const length = lengths[known] + (code < next ? 0 : 1);
    let to = written + length - 1;
    if (code === next) {
      if (to < count) out[to] = first;
      to--;
    }
    for (let each = known; to >= written; each = prefix[each], to--) if (to < count) out[to] = last[each];
    written += length;
    if (before >= 0 && next < MAX_CODES) {
      prefix[next] = before;
      last[next] = first;
      lengths[next] = lengths[before] + 1;
      next++;
      if (next === 2 ** bits && bits < 12) bits++;
    }
    before = code;
  }
  return out;
}
