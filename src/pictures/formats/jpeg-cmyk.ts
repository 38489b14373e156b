/**
 * The inks of a JPEG in CMYK, out of a browser that gives no more than the light that passes them. Source of the format:
 * ITU-R T.81, B.2; ICC.1:2022, B.4 (profiles in JPEG)
 */

import { concatBytes, latin1 } from '../bytes.ts';
import { isFrameHeader, nextSegment, type Segment, SOS } from './jpeg-segments.ts';

const DQT = 0xdb;
const APP2 = 0xe2;
const INKS = 4;
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

/** The profile of a JPEG with four inks; undefined if it has other colours or no profile for inks. */
export function cmykProfile(bytes: Uint8Array): Uint8Array | undefined {
  const all = segments(bytes);
  const frame = all.find(isFrame);
  if (!frame || bytes[frame.start + 9] !== INKS) return undefined;
  const parts = all
    .filter(({ marker, start }) => marker === APP2 && latin1(bytes, start + 4, 12) === PROFILE_NAME)
    .sort((a, b) => bytes[a.start + 16] - bytes[b.start + 16]);
  const profile = concatBytes(parts.map(({ start, end }) => bytes.subarray(start + 18, end)));
  return latin1(profile, 16, 4) === 'CMYK' ? profile : undefined;
}

export interface CmykParts {
  /** Cyan, magenta and yellow under even black; then black under even colours. */
  readonly colours: Uint8Array;
  readonly black: Uint8Array;
}

/**
 * The file twice, without its profile: each time some of its inks are multiplied by zero when they are decoded, and so are
 * even and of middle strength. Undefined if there is no table left to do that with.
 */
export function splitCmyk(bytes: Uint8Array): CmykParts | undefined {
  const all = segments(bytes);
  const frame = all.find(isFrame);
  if (!frame) return undefined;
  const tableAt = (ink: number) => frame.start + 12 + 3 * ink;
  const used = [0, 1, 2, 3].map((ink) => bytes[tableAt(ink)]);
  const free = [3, 2, 1, 0].find((table) => !used.includes(table));
  if (free === undefined) return undefined;
  const even = (inks: readonly number[]) => {
    const file = new Uint8Array(bytes);
    for (const ink of inks) file[tableAt(ink)] = free;
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
  return { colours: even([3]), black: even([0, 1, 2]) };
}
