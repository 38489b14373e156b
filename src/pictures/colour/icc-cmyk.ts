/**
 * Converts CMYK to sRGB by the lookup tables of an ICC profile.
 * Source of the format: ICC.1:2022, 10.10 and 10.11 (lut16Type, lut8Type).
 * Source of the scaling of black: Adobe Systems' Implementation of Black Point Compensation, 2006
 */

import { latin1, viewOf } from '../bytes.ts';
import { D50, xyzToSrgb } from './colour.ts';

const CHANNELS = 4;
const LAB = 3;
const HEADER = 48;

/** The tables of a profile, in the order in which a pixel passes them. */
interface CmykTables {
  /** One input curve for each of C, M, Y and K. */
  readonly curves: readonly Float64Array[];
  /** Grid points along one channel. */
  readonly steps: number;
  /** `[steps, steps, steps, steps, 3]`: encoded L*, a*, b* by C, M, Y, K. */
  readonly grid: Float64Array;
  /** One output curve for each of L*, a* and b*. */
  readonly outputs: readonly Float64Array[];
  /** Scale of the encoded L*, a* and b*: 1 for 8 bits, 65535 / 65280 for 16. */
  readonly scale: number;
}

/** Converts the four 8-bit values at `cmyk[from]` to sRGB and writes them at `to[at]`. */
export type CmykConverter = (cmyk: ArrayLike<number>, from: number, to: Uint8Array, at: number) => void;

/**
 * Makes a converter from a profile's perceptual tables, with black point compensation.
 * @returns undefined if the profile has no such tables. Never throws.
 */
export function cmykConverter(profile: Uint8Array): CmykConverter | undefined {
  const tables = readTables(profile);
  if (!tables) return undefined;
  const colour = new Float64Array(LAB);
  const lookUp = lookUpIn(tables, colour);
  lookUp([255, 255, 255, 255], 0);
  const darkest = D50.map((white) => white * lightOf((Math.min(50, colour[0]) + 16) / 116));
  const gain = D50.map((white, i) => white / (white - darkest[i]));
  return (cmyk, from, to, at) => {
    lookUp(cmyk, from);
    const y = (colour[0] + 16) / 116;
    const x = gain[0] * (D50[0] * lightOf(y + colour[1] / 500) - darkest[0]);
    const z = gain[2] * (D50[2] * lightOf(y - colour[2] / 200) - darkest[2]);
    xyzToSrgb(x, gain[1] * (D50[1] * lightOf(y) - darkest[1]), z, to, at);
  };
}

/** The inverse of f(t) of CIE L*a*b*. Source: CIE 15:2004, 8.2.1 */
function lightOf(root: number): number {
  return root > 6 / 29 ? root * root * root : (root - 4 / 29) * (108 / 841);
}

function readTables(profile: Uint8Array): CmykTables | undefined {
  if (profile.length < 132 || latin1(profile, 16, 8) !== 'CMYKLab ') return undefined;
  const view = viewOf(profile);
  let start = 0;
  for (let i = 0, at = 132; i < view.getUint32(128) && at + 12 <= profile.length; i++, at += 12) {
    if (latin1(profile, at, 4) === 'A2B0') start = view.getUint32(at + 4);
  }
  const kind = latin1(profile, start, 4);
  const wide = kind === 'mft2';
  if (start === 0 || (!wide && kind !== 'mft1') || start + 52 > profile.length) return undefined;
  const [inputs, outputs, steps] = profile.subarray(start + 8, start + 11);
  if (inputs !== CHANNELS || outputs !== LAB || steps < 2) return undefined;
  const inputEntries = wide ? view.getUint16(start + 48) : 256;
  const outputEntries = wide ? view.getUint16(start + 50) : 256;
  const bytes = wide ? 2 : 1;
  let at = start + HEADER + (wide ? 4 : 0);
  const total = CHANNELS * inputEntries + LAB * steps ** CHANNELS + LAB * outputEntries;
  if (at + bytes * total > profile.length || inputEntries < 2 || outputEntries < 2) return undefined;
  const read = (count: number) => {
    const values = Float64Array.from({ length: count }, (_, i) =>
      wide ? view.getUint16(at + 2 * i) / 65_535 : profile[at + i] / 255,
    );
    at += bytes * count;
    return values;
  };
  return {
    curves: Array.from({ length: CHANNELS }, () => read(inputEntries)),
    steps,
    grid: read(LAB * steps ** CHANNELS),
    outputs: Array.from({ length: LAB }, () => read(outputEntries)),
    // The 16-bit encoding has 0xff00 where the 8-bit encoding has 0xff.
    scale: wide ? 65_535 / 65_280 : 1,
  };
}

/** Evaluates a curve at a place from 0 to 1, by linear interpolation. */
function curveAt(curve: Float64Array, place: number): number {
  const at = Math.min(1, Math.max(0, place)) * (curve.length - 1);
  const below = Math.min(Math.floor(at), curve.length - 2);
  return curve[below] + (at - below) * (curve[below + 1] - curve[below]);
}

/** Makes a function that writes L*, a*, b* to `colour`, interpolated between the 16 nearest grid points. */
function lookUpIn(
  { curves, steps, grid, outputs, scale }: CmykTables,
  colour: Float64Array,
): (cmyk: ArrayLike<number>, from: number) => void {
  // The place on the grid, by channel and 8-bit value.
  const places = curves.map((curve) =>
    Float64Array.from({ length: 256 }, (_, value) => curveAt(curve, value / 255) * (steps - 1)),
  );
  const strides = [steps ** 3, steps ** 2, steps, 1].map((stride) => LAB * stride);
  // Offsets from the grid point below to the 16 corners. Bit i of a corner's number is its step along channel
  // i.
  const corners = Int32Array.from({ length: 16 }, (_, corner) =>
    strides.reduce((sum, stride, channel) => sum + ((corner >> channel) & 1) * stride, 0),
  );
  const weights = new Float64Array(16);
  return (cmyk, from) => {
    let base = 0;
    weights[0] = 1;
    for (let channel = 0, known = 1; channel < CHANNELS; channel++, known *= 2) {
      const place = places[channel][cmyk[from + channel]];
      const below = Math.min(Math.floor(place), steps - 2);
      const share = place - below;
      base += below * strides[channel];
      for (let corner = 0; corner < known; corner++) {
        weights[known + corner] = weights[corner] * share;
        weights[corner] *= 1 - share;
      }
    }
    let [first, second, third] = [0, 0, 0];
    for (let corner = 0; corner < 16; corner++) {
      const weight = weights[corner];
      const at = base + corners[corner];
      first += weight * grid[at];
      second += weight * grid[at + 1];
      third += weight * grid[at + 2];
    }
    colour[0] = 100 * scale * curveAt(outputs[0], first);
    colour[1] = 255 * scale * curveAt(outputs[1], second) - 128;
    colour[2] = 255 * scale * curveAt(outputs[2], third) - 128;
  };
}
