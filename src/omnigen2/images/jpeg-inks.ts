/**
 * The inks of a JPEG in CMYK, out of a browser that gives no more than the light that passes them. Source of the format:
 * ITU-R T.81, B.2; ICC.1:2022, B.4 (profiles in JPEG)
 */

import { latin } from './bytes.ts';

const DQT = 0xdb;
const SOS = 0xda;
const APP2 = 0xe2;
const INKS = 4;
const PROFILE_NAME = 'ICC_PROFILE\0';

interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** The segments before the first scan. */
function segments(bytes: Uint8Array): Segment[] {
  const found: Segment[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    if (marker === SOS) break;
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    found.push({ marker, start: at, end });
    at = end;
  }
  return found;
}

function isFrame({ marker }: Segment): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The profile of a JPEG with four inks; undefined if it has other colours or no profile for inks. */
export function inkProfile(bytes: Uint8Array): Uint8Array | undefined {
  const all = segments(bytes);
  const frame = all.find(isFrame);
  if (!frame || bytes[frame.start + 9] !== INKS) return undefined;
  const parts = all
    .filter(({ marker, start }) => marker === APP2 && latin(bytes, start + 4, 12) === PROFILE_NAME)
    .sort((a, b) => bytes[a.start + 16] - bytes[b.start + 16]);
  const profile = new Uint8Array(parts.reduce((sum, { start, end }) => sum + end - start - 18, 0));
  let at = 0;
  for (const { start, end } of parts) {
    profile.set(bytes.subarray(start + 18, end), at);
    at += end - start - 18;
  }
  return latin(profile, 16, 4) === 'CMYK' ? profile : undefined;
}

export interface InkParts {
  /** Cyan, magenta and yellow under even black; then black under even colours. */
  readonly colours: Uint8Array;
  readonly black: Uint8Array;
}

/**
 * The file twice, without its profile: each time some of its inks are multiplied by zero when they are decoded, and so are
 * even and of middle strength. Undefined if there is no table left to do that with.
 */
export function splitInks(bytes: Uint8Array): InkParts | undefined {
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
      ({ marker, start }) => marker !== APP2 || latin(bytes, start + 4, 12) !== PROFILE_NAME,
    );
    const zeros = new Uint8Array(2 + 2 + 65);
    zeros.set([0xff, DQT, 0, 67, free]);
    const scans = file.subarray(all.at(-1)?.end ?? 2);
    return joined([
      file.subarray(0, 2),
      ...kept.map(({ start, end }) => file.subarray(start, end)),
      zeros,
      scans,
    ]);
  };
  return { colours: even([3]), black: even([0, 1, 2]) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
