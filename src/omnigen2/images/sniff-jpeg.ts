/** The header of a JPEG file. Source of the format: ITU-T T.81, annex B */

import type { PictureFacts } from './sniff.ts';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;

/** Frame headers SOF0 … SOF15 without DHT, JPG and DAC, which lie between them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Markers that stand alone, without a length: restarts, start and end. */
function standsAlone(marker: number): boolean {
  return (marker >= 0xd0 && marker <= EOI) || marker === 0x01;
}

/** Frame headers that decoders know: Huffman or arithmetic coding, sequential or progressive. */
const KNOWN_FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2, 0xc9, 0xca];

export interface JpegFacts extends PictureFacts {
  /** Whether the frame is lossless, hierarchical, or has more than 8 bits. */
  readonly rare: boolean;
}

/** Size of the frame, and whether there is an end of the picture after the first scan. */
export function jpegFacts(bytes: Uint8Array): JpegFacts {
  let rare = false;
  let width = 0;
  let height = 0;
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1];
    // Anything between two segments is passed over, as decoders do.
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    if (standsAlone(marker)) {
      at += 2;
      if (marker === SOI) continue;
      if (marker === EOI) break;
      continue;
    }
    if (isFrameHeader(marker) && at + 9 <= bytes.length) {
      rare = !KNOWN_FRAMES.includes(marker) || bytes[at + 4] !== 8;
      height = bytes[at + 5] * 256 + bytes[at + 6];
      width = bytes[at + 7] * 256 + bytes[at + 8];
    }
    const next = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    if (marker === SOS) return { rare, width, height, frames: 1, complete: endsAfter(bytes, next) };
    at = next;
  }
  return { rare, width, height, frames: 1, complete: false };
}

/** Whether an end marker stands after `from`. In coded data, 0xff is always followed by 0 or a restart marker. */
function endsAfter(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === EOI) return true;
  }
  return false;
}
