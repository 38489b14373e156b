/** Extracts the first frame of an animated WebP. Source of the format: RFC 9649, 2.7 */

import { concatBytes, latin1, viewOf } from '../bytes.ts';

interface Chunk {
  readonly name: string;
  /** The chunk with its name, length and padding. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

function chunks(bytes: Uint8Array, from: number): Chunk[] {
  const view = viewOf(bytes);
  const found: Chunk[] = [];
  for (let at = from; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size + (size % 2);
    const name = latin1(bytes, at, 4);
    found.push({ name, whole: bytes.subarray(at, end), content: bytes.subarray(at + 8, at + 8 + size) });
    at = end;
  }
  return found;
}

/** Flags of a VP8X chunk. */
const PROFILE = 0x20;
const ALPHA = 0x10;
/** Bytes of a frame's header: position, size, duration and flags. The frame's chunks follow. */
const FRAME_HEADER = 16;

/**
 * Makes a still picture of the first frame of an animation with a colour profile, because browsers ignore
 * profiles of animations. Returns other files unchanged, and animations whose first frame does not cover the
 * canvas.
 */
export function webpAsStill(bytes: Uint8Array): Uint8Array {
  const all = chunks(bytes, 12);
  const head = all.find(({ name }) => name === 'VP8X');
  const profile = all.find(({ name }) => name === 'ICCP');
  const frame = all.find(({ name }) => name === 'ANMF');
  if (!head || !profile || !frame || frame.content.length < FRAME_HEADER) return bytes;
  const canvas = head.content.subarray(4, 10);
  const covers =
    frame.content.subarray(0, 6).every((byte) => byte === 0) &&
    frame.content.subarray(6, 12).every((byte, i) => byte === canvas[i]);
  if (!covers) return bytes;
  const still = new Uint8Array(head.whole);
  still[8] = PROFILE | (head.content[0] & ALPHA);
  const parts = [still, profile.whole, frame.content.subarray(FRAME_HEADER)];
  const file = concatBytes([bytes.subarray(0, 12), ...parts]);
  viewOf(file).setUint32(4, file.length - 8, true);
  return file;
}
