/** Finds the segments of a JPEG file. Source of the format: ITU-T T.81, annex B */

export const EOI = 0xd9;
export const SOS = 0xda;

/** A marker with its content. */
export interface Segment {
  readonly marker: number;
  /** Offset of the marker. */
  readonly start: number;
  /** The bytes after the length field; empty for a marker without one. */
  readonly content: Uint8Array;
  /** Offset where the next segment may begin. May lie beyond the end of the file. */
  readonly end: number;
}

/**
 * Finds the first segment at or after `from`. Undefined if the file ends before the segment's length is
 * known.
 */
export function nextSegment(bytes: Uint8Array, from: number): Segment | undefined {
  for (let at = from; at + 2 <= bytes.length; at++) {
    const marker = bytes[at + 1];
    // Bytes between two segments are skipped, as decoders do.
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) continue;
    if (standsAlone(marker)) return { marker, start: at, content: bytes.subarray(at, at), end: at + 2 };
    if (at + 4 > bytes.length) return undefined;
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    return { marker, start: at, content: bytes.subarray(at + 4, end), end };
  }
  return undefined;
}

/** Whether a marker is SOF0 to SOF15. DHT, JPG and DAC lie in the same range and are not frame headers. */
export function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Whether a marker has no length field: RSTn, SOI, EOI and TEM. */
function standsAlone(marker: number): boolean {
  return (marker >= 0xd0 && marker <= EOI) || marker === 0x01;
}
