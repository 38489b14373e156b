/**
 * Whether the coded data of a JPEG is sound. Decoders fill what they cannot read with grey or with shifted colours and say
 * nothing; a person would draw from that without knowing. Source of the format: ITU-R T.81, annexes B, F and G
 */

import { EOI, isFrameHeader, nextSegment, SOS } from './jpeg-segments.ts';

/** `cut` if the data ends before the picture is full. */
export type JpegDamage = 'none' | 'cut' | 'broken';

const SOF_PROGRESSIVE = 0xc2;
const DHT = 0xc4;
const DRI = 0xdd;
/** Bytes behind a scan that are let pass. */
const MAX_SURPLUS = 2;

interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
}

interface Frame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** Codes of up to 16 bits. */
interface Codes {
  /** By the next 8 bits: length of the code times 256 plus its symbol; 0 for longer codes. */
  readonly short: Uint16Array;
  /** Largest code by length, -1 for none, and what is added to a code to find its symbol. */
  readonly largest: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** Reads all scans of a file whose header has passed. Arithmetic and lossless coding are not looked into. */
export function jpegDamage(bytes: Uint8Array): JpegDamage {
  const tables = new Map<number, Codes>();
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
    across: content[7 + 3 * i] >> 4,
    down: content[7 + 3 * i] & 15,
  }));
  if (components.some(({ across, down }) => across < 1 || down < 1 || across > 4 || down > 4))
    return undefined;
  const height = content[1] * 256 + content[2];
  return { progressive, width: content[3] * 256 + content[4], height, components };
}

/** Source: B.2.4.2, C.2 and F.2.2.3 */
function readTables(content: Uint8Array, tables: Map<number, Codes>): boolean {
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

/** What one scan codes: the blocks of one unit, unit by unit. */
interface Scan {
  /** Blocks of a unit: the codes of their first value and of the others. */
  readonly blocks: readonly { readonly first: Codes | undefined; readonly others: Codes | undefined }[];
  readonly units: number;
  readonly kind: 'whole' | 'first' | 'first refined' | 'others';
  /** The first and last of the other values. */
  readonly from: number;
  readonly to: number;
  /** Refinement of the other values: how many bits it has depends on all scans before. */
  readonly skip: boolean;
}

/** Source: B.2.3 and A.2. @returns undefined if it cannot be looked into, as with tables that stand elsewhere */
function readScan(content: Uint8Array, frame: Frame, tables: ReadonlyMap<number, Codes>): Scan | undefined {
  const count = content[0];
  if (content.length < 4 + 2 * count || count < 1 || count > frame.components.length) return undefined;
  const [from, last, approximation] = content.subarray(1 + 2 * count);
  const refined = approximation >> 4 > 0;
  const kind: Scan['kind'] = !frame.progressive
    ? 'whole'
    : from > 0
      ? 'others'
      : refined
        ? 'first refined'
        : 'first';
  const widest = Math.max(...frame.components.map(({ across }) => across));
  const tallest = Math.max(...frame.components.map(({ down }) => down));
  const blocks: { first: Codes | undefined; others: Codes | undefined }[] = [];
  let units = Math.ceil(frame.width / (8 * widest)) * Math.ceil(frame.height / (8 * tallest));
  for (let i = 0; i < count; i++) {
    const component = frame.components.find(({ id }) => id === content[1 + 2 * i]);
    if (!component) return undefined;
    const first = tables.get(content[2 + 2 * i] >> 4);
    const others = tables.get(16 + (content[2 + 2 * i] & 15));
    if (
      ((kind === 'whole' || kind === 'first') && !first) ||
      ((kind === 'whole' || kind === 'others') && !others)
    ) {
      return undefined;
    }
    const perUnit = count === 1 ? 1 : component.across * component.down;
    for (let block = 0; block < perUnit; block++) blocks.push({ first, others });
    if (count === 1) {
      // Alone, a component is coded without the blocks that only fill up its units.
      const side = (length: number, sampling: number, most: number) =>
        Math.ceil(Math.ceil((length * sampling) / most) / 8);
      units = side(frame.width, component.across, widest) * side(frame.height, component.down, tallest);
    }
  }
  const to = kind === 'whole' ? 63 : last;
  return { blocks, units, kind, from: Math.max(1, from), to, skip: kind === 'others' && refined };
}

/** @returns where the marker behind the scan stands */
function skipScan(bytes: Uint8Array, from: number): number | 'cut' {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return 'cut';
}

/** @returns where the marker behind the scan stands, or what is wrong with it */
function walkScan(bytes: Uint8Array, from: number, scan: Scan, restart: number): number | 'cut' | 'broken' {
  const { blocks, units, kind, to } = scan;
  let at = from;
  let held = 0;
  let bits = 0;
  /** Bits held that are not there: the data has ended. */
  let missing = 0;
  let endOfBand = 0;
  let untilRestart = restart > 0 ? restart : units + 1;
  let restarts = 0;

  for (let unit = 0; unit < units; unit++) {
    if (untilRestart === 0) {
      while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
      if (bits - missing >= 8 || bytes[at] !== 0xff || bytes[at + 1] !== 0xd0 + (restarts & 7))
        return atEnd();
      at += 2;
      restarts++;
      [held, bits, missing, endOfBand, untilRestart] = [0, 0, 0, 0, restart];
    }
    untilRestart--;
    for (const { first, others } of blocks) {
      if (kind === 'first refined') {
        take(1);
      } else {
        if (first && kind !== 'others') {
          const size = symbol(first);
          if (size < 0 || size > 16) return 'broken';
          take(size);
        }
        if (others && kind !== 'first' && !otherValues(others)) return 'broken';
      }
    }
    if (missing > bits) return atEnd();
  }
  // Whole bytes that are held and not used lie before `at`.
  const rest = Math.max(0, (bits - missing) >> 3);
  const end = skipScan(bytes, Math.max(from, at - rest));
  if (end === 'cut') return 'cut';
  const surplus = bytes.subarray(at - rest, end);
  // Some writers pad, always with the same byte.
  return surplus.length > MAX_SURPLUS && surplus.some((byte) => byte !== surplus[0]) ? 'broken' : end;

  function atEnd(): 'cut' | 'broken' {
    return at >= bytes.length || (bytes[at] === 0xff && bytes[at + 1] === EOI) ? 'cut' : 'broken';
  }

  function otherValues(codes: Codes): boolean {
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
        if (kind === 'others' && run > 0) endOfBand = 2 ** run - 1 + take(run);
        break;
      }
    }
    return true;
  }

  function fill(): void {
    while (bits <= 16) {
      let byte = 0;
      if (at < bytes.length && (bytes[at] !== 0xff || bytes[at + 1] === 0)) {
        byte = bytes[at];
        at += byte === 0xff ? 2 : 1;
      } else {
        missing += 8;
      }
      held = (held << 8) | byte;
      bits += 8;
    }
  }

  function take(count: number): number {
    if (bits < count) fill();
    bits -= count;
    return (held >>> bits) & (2 ** count - 1);
  }

  function symbol(codes: Codes): number {
    if (bits < 16) fill();
    const known = codes.short[(held >>> (bits - 8)) & 255];
    if (known !== 0) {
      bits -= known >> 8;
      return known & 255;
    }
    for (let length = 9; length <= 16; length++) {
      const code = (held >>> (bits - length)) & (2 ** length - 1);
      if (code <= codes.largest[length]) {
        bits -= length;
        return codes.symbols[codes.offset[length] + code];
      }
    }
    // Where the data has ended, no code is expected.
    if (missing > 0) {
      bits -= 16;
      return 0;
    }
    return -1;
  }
}
