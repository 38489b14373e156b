/**
 * The chunks of a PNG file.
 * Source: PNG specification (Third Edition), 5.2 signature, 5.3 chunk layout, 5.4 naming
 */

import CRC32 from 'crc-32';
import { latin1, viewOf } from '../bytes.ts';

export interface PngChunk {
  readonly type: string;
  /** Offset of the length field. */
  readonly start: number;
  /** The content, or what the file has of it. */
  readonly content: Uint8Array;
  /** Offset after the checksum. It may lie outside of the file. */
  readonly end: number;
}

/** The signature of a PNG file, as Latin-1. */
export const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';
/** The length, the type and the checksum. */
export const CHUNK_FRAME = 12;

/** Whether a file begins like a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return latin1(bytes, 0, PNG_SIGNATURE.length) === PNG_SIGNATURE;
}

/** The chunks up to IEND or to the end of the file. The last one may claim more bytes than the file has. */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = viewOf(bytes);
  for (let start = PNG_SIGNATURE.length; start + CHUNK_FRAME <= bytes.length; ) {
    const length = view.getUint32(start);
    const type = latin1(bytes, start + 4, 4);
    const end = start + CHUNK_FRAME + length;
    yield { type, start, content: bytes.subarray(start + 8, start + 8 + length), end };
    if (type === 'IEND') return;
    start = end;
  }
}

/** Whether the checksum of a chunk is right. The chunk must lie in the file. */
export function isIntact(bytes: Uint8Array, { start, end }: PngChunk): boolean {
  return CRC32.buf(bytes.subarray(start + 4, end - 4)) === viewOf(bytes).getInt32(end - 4);
}
