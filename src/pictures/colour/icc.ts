/**
 * Reads ICC colour profiles with a matrix, and those of grey pictures.
 * Source of the format: ICC.1:2022, and ICC.1:2001-04 for version 2
 */

import { latin1, viewOf } from '../bytes.ts';
import { type ColourSpace, type Curve, gammaCurve, greySpace, type Matrix, spaceOf } from './colour.ts';

/** `tables`: a profile with lookup tables, which are not read here. `none`: no usable profile. */
export type Profile = ColourSpace | 'tables' | 'none';

const MAX_TAGS = 200;

/**
 * Reads a profile for grey or for RGB pixels. A broken profile, and one for the other kind of pixels, is
 * `none`. Never throws.
 */
export function readProfile(bytes: Uint8Array, grey: boolean): Profile {
  if (bytes.length < 132 || latin1(bytes, 36, 4) !== 'acsp') return 'none';
  if (latin1(bytes, 16, 4) !== (grey ? 'GRAY' : 'RGB ')) return 'none';
  const tags = readTags(bytes);
  const curve = (name: string) => readCurve(tags.get(name));
  if (grey) {
    const tone = curve('kTRC');
    if (!tone) return 'none';
    return latin1(bytes, 20, 4) === 'XYZ ' ? greySpace(tone) : 'tables';
  }
  if (tags.has('A2B0')) return 'tables';
  const [red, green, blue] = [curve('rTRC'), curve('gTRC'), curve('bTRC')];
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => readXyz(tags.get(name)));
  const [r, g, b] = columns;
  if (!red || !green || !blue || !r || !g || !b) return 'none';
  const toXyz: Matrix = [r[0], g[0], b[0], r[1], g[1], b[1], r[2], g[2], b[2]];
  return spaceOf([red, green, blue], toXyz);
}

function readTags(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = viewOf(bytes);
  const count = Math.min(view.getUint32(128), MAX_TAGS);
  const tags = new Map<string, Uint8Array>();
  for (let i = 0, at = 132; i < count && at + 12 <= bytes.length; i++, at += 12) {
    const start = view.getUint32(at + 4);
    tags.set(latin1(bytes, at, 4), bytes.subarray(start, start + view.getUint32(at + 8)));
  }
  return tags;
}

/** Reads an s15Fixed16Number. */
function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65536;
}

/** Source: ICC.1:2022, 10.31 */
function readXyz(tag: Uint8Array | undefined): readonly number[] | undefined {
  if (!tag || tag.length < 20 || latin1(tag, 0, 4) !== 'XYZ ') return undefined;
  const view = viewOf(tag);
  return [8, 12, 16].map((at) => fixed(view, at));
}

function readCurve(tag: Uint8Array | undefined): Curve | undefined {
  if (!tag || tag.length < 12) return undefined;
  switch (latin1(tag, 0, 4)) {
    case 'curv':
      return sampledCurve(tag);
    case 'para':
      return parametricCurve(tag);
    default:
      return undefined;
  }
}

/** No entry: the identity. One: a gamma with 8 fractional bits. More: samples. Source: ICC.1:2022, 10.6 */
function sampledCurve(tag: Uint8Array): Curve | undefined {
  const view = viewOf(tag);
  const count = view.getUint32(8);
  if (count === 0) return (stored) => stored;
  if (12 + 2 * count > tag.length) return undefined;
  if (count === 1) return gammaCurve(view.getUint16(12) / 256);
  const samples = Float64Array.from({ length: count }, (_, i) => view.getUint16(12 + 2 * i) / 65535);
  return (stored) => {
    const place = stored * (count - 1);
    const below = Math.min(Math.floor(place), count - 2);
    return samples[below] + (place - below) * (samples[below + 1] - samples[below]);
  };
}

/** How many parameters each of the five function types has. Source: ICC.1:2022, table 68 */
const PARAMETERS: readonly number[] = [1, 3, 4, 5, 7];

/** Source: ICC.1:2022, 10.18 */
function parametricCurve(tag: Uint8Array): Curve | undefined {
  const view = viewOf(tag);
  const form = view.getUint16(8);
  const count = PARAMETERS[form];
  if (count === undefined || 12 + 4 * count > tag.length) return undefined;
  const [g, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) =>
    fixed(view, 12 + 4 * i),
  );
  const power = (x: number) => Math.max(0, a * x + b) ** g;
  switch (form) {
    case 0:
      return (x) => x ** g;
    case 1:
      return (x) => (x >= -b / a ? power(x) : 0);
    case 2:
      return (x) => (x >= -b / a ? power(x) + c : c);
    case 3:
      return (x) => (x >= d ? power(x) : c * x);
    default:
      return (x) => (x >= d ? power(x) + e : c * x + f);
  }
}
