/** Reads the header of a JPEG file. Source of the format: ITU-T T.81, annex B */

import { EOI, isFrameHeader, nextSegment, SOS } from '../formats/jpeg-segments.ts';
import type { PictureHeader } from './header.ts';

/** Frame headers that decoders support: Huffman or arithmetic coding, sequential or progressive. */
const SUPPORTED_FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2, 0xc9, 0xca];

export interface JpegHeader extends PictureHeader {
  /** Whether the frame is lossless, hierarchical, or has more than 8 bits. */
  readonly rare: boolean;
}

/** Reads the size of the frame, and whether an end marker follows the first scan. */
export function jpegHeader(bytes: Uint8Array): JpegHeader {
  let rare = false;
  let width = 0;
  let height = 0;
  let at = 2;
  for (;;) {
    const segment = nextSegment(bytes, at);
    if (!segment || segment.marker === EOI) break;
    const { marker, start, end } = segment;
    if (isFrameHeader(marker) && start + 9 <= bytes.length) {
      rare = !SUPPORTED_FRAMES.includes(marker) || bytes[start + 4] !== 8;
      height = bytes[start + 5] * 256 + bytes[start + 6];
      width = bytes[start + 7] * 256 + bytes[start + 8];
    }
    if (marker === SOS) return { rare, width, height, frames: 1, complete: hasEndAfter(bytes, end) };
    at = end;
  }
  return { rare, width, height, frames: 1, complete: false };
}

/** Whether an end marker follows `from`. In coded data, 0xff is always followed by 0 or a restart marker. */
function hasEndAfter(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === EOI) return true;
  }
  return false;
}
