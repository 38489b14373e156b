/** The segments that a JPEG file is made of. Source of the format: ITU-T T.81, annex B */

export const EOI = 0xd9;
export const SOS = 0xda;

/** One marker with what belongs to it. */
export interface Segment {
  readonly marker: number;
  /** Where its marker stands. */
  readonly start: number;
  /** What follows its length; nothing behind a marker that stands alone. */
  readonly content: Uint8Array;
  /** Where the next one is looked for. It may lie behind the end of the file. */
  readonly end: number;
}

/** The first segment from `from` on; undefined if the file ends before its length is known. */
export function nextSegment(bytes: Uint8Array, from: number): Segment | undefined {
  for (let at = from; at + 2 <= bytes.length; at++) {
    const marker = bytes[at + 1];
    // Anything between two segments is passed over, as decoders do.
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) continue;
    if (standsAlone(marker)) return { marker, start: at, content: bytes.subarray(at, at), end: at + 2 };
    if (at + 4 > bytes.length) return undefined;
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    return { marker, start: at, content: bytes.subarray(at + 4, end), end };
  }
  return undefined;
}

/** Frame headers SOF0 to SOF15 without DHT, JPG and DAC, which lie between them. */
export function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Markers that stand alone, without a length: restarts, start and end. */
function standsAlone(marker: number): boolean {
  return (marker >= 0xd0 && marker <= EOI) || marker === 0x01;
}
