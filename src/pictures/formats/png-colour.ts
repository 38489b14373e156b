/** Reads the colour space of a PNG. Source: PNG specification (Third Edition), 4.3 and 11.3.2 */

import { viewOf } from '../bytes.ts';
import {
  BT2020_PRIMARIES,
  type ColourSpace,
  type Curve,
  gammaCurve,
  greySpace,
  P3_PRIMARIES,
  type Primaries,
  primariesToXyz,
  SRGB_PRIMARIES,
  spaceOf,
  srgbCurve,
} from '../colour/colour.ts';
import { type Profile, readProfile } from '../colour/icc.ts';
import { inflate } from './inflate.ts';

/** The chunks that describe the colour space, by name. */
export type ColourChunks = ReadonlyMap<string, Uint8Array>;

export const COLOUR_CHUNKS: readonly string[] = ['cICP', 'iCCP', 'sRGB', 'gAMA', 'cHRM'];

/** Larger than any profile for pictures. */
const MAX_PROFILE_BYTES = 2 ** 22;
/** The gAMA value that encoders write for sRGB. */
const SRGB_GAMMA = 45455;

/**
 * The colour space of a PNG; `none` means sRGB. Precedence, as in the specification: cICP, iCCP, sRGB, then
 * gAMA with cHRM. Invalid chunks are ignored, and so is cHRM without gAMA.
 */
export async function pngSpace(chunks: ColourChunks, grey: boolean): Promise<Profile> {
  const cicp = cicpSpace(chunks.get('cICP'), grey);
  if (cicp) return cicp;
  const profile = await embeddedProfile(chunks.get('iCCP'), grey);
  if (profile !== 'none') return profile;
  const gamma = chunks.get('gAMA');
  if (chunks.has('sRGB') || !gamma || gamma.length < 4) return 'none';
  const exponent = viewOf(gamma).getUint32(0);
  const primaries = (grey ? undefined : chromaticities(chunks.get('cHRM'))) ?? SRGB_PRIMARIES;
  if (exponent === 0 || (exponent === SRGB_GAMMA && near(primaries, SRGB_PRIMARIES))) return 'none';
  return spaceWith(gammaCurve(100_000 / exponent), primaries, grey);
}

function near(a: Primaries, b: Primaries): boolean {
  const points = ['white', 'red', 'green', 'blue'] as const;
  return points.every((point) => a[point].every((value, i) => Math.abs(value - b[point][i]) < 0.002));
}

function spaceWith(curve: Curve, primaries: Primaries, grey: boolean): ColourSpace {
  return grey ? greySpace(curve) : spaceOf([curve, curve, curve], primariesToXyz(primaries));
}

/** Source: ITU-T H.273, table 2 */
const PRIMARIES: Readonly<Record<number, Primaries>> = {
  1: SRGB_PRIMARIES,
  9: BT2020_PRIMARIES,
  12: P3_PRIMARIES,
};

/**
 * The light of a document's or a screen's white in PQ pictures. Source: ITU-R BT.2408, 203 of 10,000 cd/m²
 */
const PQ_WHITE = 203 / 10_000;

/** Light brighter than white is clipped. Source: ITU-T H.273, table 3 */
const CURVES: Readonly<Record<number, Curve>> = {
  1: bt709Curve,
  4: gammaCurve(2.2),
  5: gammaCurve(2.8),
  6: bt709Curve,
  8: (stored) => stored,
  13: srgbCurve,
  14: bt709Curve,
  15: bt709Curve,
  16: (stored) => pqLight(stored) / PQ_WHITE,
};

function bt709Curve(stored: number): number {
  return stored < 0.081 ? stored / 4.5 : ((stored + 0.099) / 1.099) ** (1 / 0.45);
}

/** Source: ITU-R BT.2100-2, table 4 */
function pqLight(stored: number): number {
  const root = stored ** (32 / 2523);
  return (Math.max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (8192 / 1305);
}

function cicpSpace(chunk: Uint8Array | undefined, grey: boolean): ColourSpace | undefined {
  if (!chunk || chunk.length < 4) return undefined;
  const [primaries, curve] = [PRIMARIES[chunk[0]], CURVES[chunk[1]]];
  return primaries && curve && spaceWith(curve, primaries, grey);
}

async function embeddedProfile(chunk: Uint8Array | undefined, grey: boolean): Promise<Profile> {
  if (!chunk) return 'none';
  // The profile's name, a null byte, and the compression method, which is always 0.
  const nameEnd = chunk.indexOf(0);
  if (nameEnd < 0) return 'none';
  const profile = await inflate(chunk.subarray(nameEnd + 2), MAX_PROFILE_BYTES).catch(() => undefined);
  return profile ? readProfile(profile, grey) : 'none';
}

function chromaticities(chunk: Uint8Array | undefined): Primaries | undefined {
  if (!chunk || chunk.length < 32) return undefined;
  const view = viewOf(chunk);
  const point = (at: number) => [view.getUint32(at) / 100_000, view.getUint32(at + 4) / 100_000] as const;
  const primaries = { white: point(0), red: point(8), green: point(16), blue: point(24) };
  const finite = primariesToXyz(primaries).every((value) => Number.isFinite(value));
  return finite ? primaries : undefined;
}
