/**
 * Recovers the CMYK components of a JPEG in a browser, which decodes to RGB only.
 * Source of the format: ITU-R T.81, B.2; ICC.1:2022, B.4 (profiles in JPEG)
 */

import { concatBytes, latin1 } from '../bytes.ts';
import { isFrameHeader, nextSegment, type Segment, SOS } from './jpeg-segments.ts';

const DQT = 0xdb;
const APP2 = 0xe2;
const CMYK_COMPONENTS = 4;
const PROFILE_NAME = 'ICC_PROFILE\0';

/** The segments before the first scan. */
function segments(bytes: Uint8Array): Segment[] {
  const found: Segment[] = [];
  for (let next = nextSegment(bytes, 2); next && next.marker !== SOS; next = nextSegment(bytes, next.end))
    found.push(next);
  return found;
}

function isFrame({ marker }: Segment): boolean {
  return isFrameHeader(marker);
}

/** The CMYK profile of a JPEG with four components, or undefined if it has none. */
export function cmykProfile(bytes: Uint8Array): Uint8Array | undefined {
  const all = segments(bytes);
  const frame = all.find(isFrame);
  if (!frame || bytes[frame.start + 9] !== CMYK_COMPONENTS) return undefined;
  const parts = all
    .filter(({ marker, start }) => marker === APP2 && latin1(bytes, start + 4, 12) === PROFILE_NAME)
    .sort((a, b) => bytes[a.start + 16] - bytes[b.start + 16]);
  const profile = concatBytes(parts.map(({ start, end }) => bytes.subarray(start + 18, end)));
  return latin1(profile, 16, 4) === 'CMYK' ? profile : undefined;
}

export interface CmykParts {
  /** The file with K neutralized: shows C, M and Y. */
  readonly colours: Uint8Array;
  /** The file with C, M and Y neutralized: shows K. */
  readonly black: Uint8Array;
}

/**
 * Makes two copies of the file without its profile, in which some components are neutralized: their
 * quantization table is all zeros, so they decode to medium strength everywhere.
 * @returns undefined if all four quantization tables are in use
 */
export function splitCmyk(bytes: Uint8Array): CmykParts | undefined {
  const all = segments(bytes);
  const frame = all.find(isFrame);
  if (!frame) return undefined;
  // Offset of a component's table number in the frame header.
  const tableAt = (component: number) => frame.start + 12 + 3 * component;
  const used = [0, 1, 2, 3].map((component) => bytes[tableAt(component)]);
  const free = [3, 2, 1, 0].find((table) => !used.includes(table));
  if (free === undefined) return undefined;
  const neutralized = (components: readonly number[]) => {
    const file = new Uint8Array(bytes);
    for (const component of components) file[tableAt(component)] = free;
    const kept = all.filter(
      ({ marker, start }) => marker !== APP2 || latin1(bytes, start + 4, 12) !== PROFILE_NAME,
    );
    const zeros = new Uint8Array(2 + 2 + 65);
    zeros.set([0xff, DQT, 0, 67, free]);
    const scans = file.subarray(all.at(-1)?.end ?? 2);
    return concatBytes([
      file.subarray(0, 2),
      ...kept.map(({ start, end }) => file.subarray(start, end)),
      zeros,
      scans,
    ]);
  };
  return { colours: neutralized([3]), black: neutralized([0, 1, 2]) };
}
