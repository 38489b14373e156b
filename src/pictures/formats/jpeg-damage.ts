/**
 * Finds damage in the coded data of a JPEG. Decoders fill what they cannot decode with grey or wrong colours
 * and report nothing, so a person would draw from a damaged picture unknowingly.
 * Source of the format: ITU-R T.81, annexes B, F and G
 */

import { EOI, isFrameHeader, nextSegment, SOS } from './jpeg-segments.ts';

/** `cut`: the data ends before the picture is full. `broken`: the data is invalid. */
export type JpegDamage = 'none' | 'cut' | 'broken';

const SOF_PROGRESSIVE = 0xc2;
const DHT = 0xc4;
const DRI = 0xdd;
/** How many bytes after the data of a scan are accepted. */
const MAX_SURPLUS = 2;

interface Component {
  readonly id: number;
  /** Sampling factors. */
  readonly horizontal: number;
  readonly vertical: number;
}

interface Frame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** A Huffman table, with codes of up to 16 bits. */
interface HuffmanTable {
  /** By the next 8 bits: the code's length times 256, plus its symbol. 0 for longer codes. */
  readonly short: Uint16Array;
  /** Largest code of each length, or -1. */
  readonly largest: Int32Array;
  /** For each length, the number to add to a code to get the index of its symbol. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/**
 * Checks the Huffman codes of all scans, without computing pixels. The file's header must have passed its
 * check. Arithmetic and lossless coding are not checked.
 */
export function jpegDamage(bytes: Uint8Array): JpegDamage {
  const tables = new Map<number, HuffmanTable>();
  let frame: Frame | undefined;
  let restart = 0;
  let at = 2;
  for (;;) {
    const segment = nextSegment(bytes, at);
    if (!segment) return 'cut';
    const { marker, content } = segment;
    at = segment.end;
    if (marker === EOI) return 'none';
    if (marker === DHT) {
      if (!readTables(content, tables)) return 'broken';
    } else if (marker === DRI) {
      restart = content[0] * 256 + content[1];
    } else if (marker === SOS) {
      if (!frame) return 'none';
      const scan = readScan(content, frame, tables);
      if (!scan) return 'none';
      const outcome = scan.skip ? skipScan(bytes, at) : walkScan(bytes, at, scan, restart);
      if (typeof outcome === 'string') return outcome;
      at = outcome;
    } else if (isFrameHeader(marker)) {
      if (marker > SOF_PROGRESSIVE) return 'none';
      frame = readFrame(content, marker === SOF_PROGRESSIVE);
      if (!frame) return 'broken';
    }
  }
}

/** Source: B.2.2 */
function readFrame(content: Uint8Array, progressive: boolean): Frame | undefined {
  const count = content[5];
  if (content.length < 6 + 3 * count || count === 0) return undefined;
  const components = Array.from({ length: count }, (_, i) => ({
    id: content[6 + 3 * i],
    horizontal: content[7 + 3 * i] >> 4,
    vertical: content[7 + 3 * i] & 15,
  }));
  if (
    components.some(
      ({ horizontal, vertical }) => horizontal < 1 || vertical < 1 || horizontal > 4 || vertical > 4,
    )
  )
    return undefined;
  const height = content[1] * 256 + content[2];
  return { progressive, width: content[3] * 256 + content[4], height, components };
}

/** Source: B.2.4.2, C.2 and F.2.2.3 */
function readTables(content: Uint8Array, tables: Map<number, HuffmanTable>): boolean {
  for (let at = 0; at < content.length; ) {
    const counts = content.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (counts.length < 16 || total > 256 || at + 17 + total > content.length) return false;
    const symbols = content.subarray(at + 17, at + 17 + total);
    const short = new Uint16Array(256);
    const largest = new Int32Array(18).fill(-1);
    const offset = new Int32Array(18);
    for (let length = 1, code = 0, index = 0; length <= 16; length++, code <<= 1) {
      offset[length] = index - code;
      for (let i = 0; i < counts[length - 1]; i++, code++, index++) {
        if (code >= 2 ** length) return false;
        largest[length] = code;
        if (length <= 8) {
          const first = code << (8 - length);
          short.fill(length * 256 + symbols[index], first, first + 2 ** (8 - length));
        }
      }
    }
    tables.set(content[at], { short, largest, offset, symbols });
    at += 17 + total;
  }
  return true;
}

/** What one scan codes, as blocks of MCUs (minimum coded units). */
interface Scan {
  /** Tables for the DC and AC coefficients of each block of an MCU. */
  readonly blocks: readonly {
    readonly dc: HuffmanTable | undefined;
    readonly ac: HuffmanTable | undefined;
  }[];
  readonly units: number;
  readonly kind: 'sequential' | 'dc' | 'dc refinement' | 'ac';
  /** The first and last AC coefficient. */
  readonly from: number;
  readonly to: number;
  /** AC refinement. Not decoded, because its length depends on all scans before it. */
  readonly skip: boolean;
}

/** Source: B.2.3 and A.2. @returns undefined if the scan cannot be checked, such as one without its tables */
function readScan(
  content: Uint8Array,
  frame: Frame,
  tables: ReadonlyMap<number, HuffmanTable>,
): Scan | undefined {
  const count = content[0];
  if (content.length < 4 + 2 * count || count < 1 || count > frame.components.length) return undefined;
  const [from, last, approximation] = content.subarray(1 + 2 * count);
  const refined = approximation >> 4 > 0;
  const kind: Scan['kind'] = !frame.progressive
    ? 'sequential'
    : from > 0
      ? 'ac'
      : refined
        ? 'dc refinement'
        : 'dc';
  const widest = Math.max(...frame.components.map(({ horizontal }) => horizontal));
  const tallest = Math.max(...frame.components.map(({ vertical }) => vertical));
  const blocks: { dc: HuffmanTable | undefined; ac: HuffmanTable | undefined }[] = [];
  let units = Math.ceil(frame.width / (8 * widest)) * Math.ceil(frame.height / (8 * tallest));
  for (let i = 0; i < count; i++) {
    const component = frame.components.find(({ id }) => id === content[1 + 2 * i]);
    if (!component) return undefined;
    const dc = tables.get(content[2 + 2 * i] >> 4);
    const ac = tables.get(16 + (content[2 + 2 * i] & 15));
    if (
      ((kind === 'sequential' || kind === 'dc') && !dc) ||
      ((kind === 'sequential' || kind === 'ac') && !ac)
    ) {
      return undefined;
    }
    const perUnit = count === 1 ? 1 : component.horizontal * component.vertical;
    for (let block = 0; block < perUnit; block++) blocks.push({ dc, ac });
    if (count === 1) {
      // A component alone in a scan is coded without the blocks that pad its MCUs.
      const side = (length: number, sampling: number, most: number) =>
        Math.ceil(Math.ceil((length * sampling) / most) / 8);
      units =
        side(frame.width, component.horizontal, widest) * side(frame.height, component.vertical, tallest);
    }
  }
  const to = kind === 'sequential' ? 63 : last;
  return { blocks, units, kind, from: Math.max(1, from), to, skip: kind === 'ac' && refined };
}

/** @returns the offset of the marker after the scan */
function skipScan(bytes: Uint8Array, from: number): number | 'cut' {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return 'cut';
}

/** @returns the offset of the marker after the scan, or what is wrong with the scan */
function walkScan(bytes: Uint8Array, from: number, scan: Scan, restart: number): number | 'cut' | 'broken' {
  const { blocks, units, kind, to } = scan;
  let at = from;
  let bitBuffer = 0;
  let bitCount = 0;
  /** Bits in the buffer that stand for missing data after the end. */
  let missing = 0;
  let endOfBand = 0;
  let untilRestart = restart > 0 ? restart : units + 1;
  let restarts = 0;

  for (let unit = 0; unit < units; unit++) {
    if (untilRestart === 0) {
      while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
      if (bitCount - missing >= 8 || bytes[at] !== 0xff || bytes[at + 1] !== 0xd0 + (restarts & 7))
        return atEnd();
      at += 2;
      restarts++;
      [bitBuffer, bitCount, missing, endOfBand, untilRestart] = [0, 0, 0, 0, restart];
    }
    untilRestart--;
    for (const { dc, ac } of blocks) {
      if (kind === 'dc refinement') {
        take(1);
      } else {
        if (dc && kind !== 'ac') {
          const size = symbol(dc);
          if (size < 0 || size > 16) return 'broken';
          take(size);
        }
        if (ac && kind !== 'dc' && !skipAc(ac)) return 'broken';
      }
    }
    if (missing > bitCount) return atEnd();
  }
  // The buffer may hold whole bytes that were read and not used.
  const rest = Math.max(0, (bitCount - missing) >> 3);
  const end = skipScan(bytes, Math.max(from, at - rest));
  if (end === 'cut') return 'cut';
  const surplus = bytes.subarray(at - rest, end);
  // Some encoders pad, always with the same byte.
  return surplus.length > MAX_SURPLUS && surplus.some((byte) => byte !== surplus[0]) ? 'broken' : end;

  function atEnd(): 'cut' | 'broken' {
    return at >= bytes.length || (bytes[at] === 0xff && bytes[at + 1] === EOI) ? 'cut' : 'broken';
  }

  /** Skips the AC coefficients of a block. @returns false if they are invalid */
  function skipAc(codes: HuffmanTable): boolean {
    if (endOfBand > 0) {
      endOfBand--;
      return true;
    }
    for (let k = scan.from; k <= to; k++) {
      const value = symbol(codes);
      if (value < 0) return false;
      const run = value >> 4;
      const size = value & 15;
      if (size > 0) {
        k += run;
        if (k > to) return false;
        take(size);
      } else if (run === 15) {
        k += 15;
      } else {
        if (kind === 'ac' && run > 0) endOfBand = 2 ** run - 1 + take(run);
        break;
      }
    }
    return true;
  }

  function fill(): void {
    while (bitCount <= 16) {
      let byte = 0;
      if (at < bytes.length && (bytes[at] !== 0xff || bytes[at + 1] === 0)) {
        byte = bytes[at];
        at += byte === 0xff ? 2 : 1;
      } else {
        missing += 8;
      }
      bitBuffer = (bitBuffer << 8) | byte;
      bitCount += 8;
    }
  }

  function take(count: number): number {
    if (bitCount < count) fill();
    bitCount -= count;
    return (bitBuffer >>> bitCount) & (2 ** count - 1);
  }

  function symbol(codes: HuffmanTable): number {
    if (bitCount < 16) fill();
    const known = codes.short[(bitBuffer >>> (bitCount - 8)) & 255];
    if (known !== 0) {
      bitCount -= known >> 8;
      return known & 255;
    }
    for (let length = 9; length <= 16; length++) {
      const code = (bitBuffer >>> (bitCount - length)) & (2 ** length - 1);
      if (code <= codes.largest[length]) {
        bitCount -= length;
        return codes.symbols[codes.offset[length] + code];
      }
    }
    // No code matches because the data has ended. The caller reports that.
    if (missing > 0) {
      bitCount -= 16;
      return 0;
    }
    return -1;
  }
}
