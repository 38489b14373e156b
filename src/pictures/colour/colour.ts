/** Converts colours to sRGB: three tone curves, a 3 x 3 matrix, and the sRGB curve. */

/** A 3 x 3 matrix, row-major. */
export type Matrix = readonly number[];
/** A tone curve: maps a stored value, 0 to 1, to linear light, 0 to 1. */
export type Curve = (stored: number) => number;

/** A colour space, by its conversion to sRGB. */
export interface ColourSpace {
  readonly curves: readonly [Curve, Curve, Curve];
  /** Maps linear light of the three primaries to linear sRGB. */
  readonly toSrgb: Matrix;
}

/** Chromaticities `x, y` of the white point and the primaries. */
export interface Primaries {
  readonly white: readonly [number, number];
  readonly red: readonly [number, number];
  readonly green: readonly [number, number];
  readonly blue: readonly [number, number];
}

const D65 = [0.3127, 0.329] as const;
/** The white point of ICC profiles, as X, Y, Z. Source: ICC.1:2022, 7.2.16 */
export const D50: readonly number[] = [0.9642, 1, 0.8249];

/** Source: ITU-R BT.709-6, item 1.3; IEC 61966-2-1 has the same */
export const SRGB_PRIMARIES: Primaries = {
  white: D65,
  red: [0.64, 0.33],
  green: [0.3, 0.6],
  blue: [0.15, 0.06],
};
/** Source: SMPTE EG 432-1 */
export const P3_PRIMARIES: Primaries = {
  white: D65,
  red: [0.68, 0.32],
  green: [0.265, 0.69],
  blue: [0.15, 0.06],
};
/** Source: ITU-R BT.2020-2, table 3 */
export const BT2020_PRIMARIES: Primaries = {
  white: D65,
  red: [0.708, 0.292],
  green: [0.17, 0.797],
  blue: [0.131, 0.046],
};

/** Source: IEC 61966-2-1 */
export const srgbCurve: Curve = (stored) =>
  stored <= 0.04045 ? stored / 12.92 : ((stored + 0.055) / 1.055) ** 2.4;

function srgbStored(light: number): number {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}

export function gammaCurve(gamma: number): Curve {
  return (stored) => stored ** gamma;
}

/** Bradford's matrix for chromatic adaptation. Source: ICC.1:2022, annex E.3 */
const BRADFORD: Matrix = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];

/** The matrix from linear light of the primaries to X, Y, Z under D50. */
export function primariesToXyz({ white, red, green, blue }: Primaries): Matrix {
  const xyz = ([x, y]: readonly [number, number]) => [x / y, 1, (1 - x - y) / y];
  const [r, g, b] = [xyz(red), xyz(green), xyz(blue)];
  const columns = [r[0], g[0], b[0], r[1], g[1], b[1], r[2], g[2], b[2]];
  const whiteXyz = xyz(white);
  const amounts = apply(inverse(columns), whiteXyz);
  const native = columns.map((value, i) => value * amounts[i % 3]);
  const [from, to] = [apply(BRADFORD, whiteXyz), apply(BRADFORD, D50)];
  const scaled = BRADFORD.map((value, i) => (value * to[Math.floor(i / 3)]) / from[Math.floor(i / 3)]);
  return product(product(inverse(BRADFORD), scaled), native);
}

const XYZ_TO_SRGB: Matrix = inverse(primariesToXyz(SRGB_PRIMARIES));

/** @param toXyz maps linear light of the primaries to X, Y, Z under D50 */
export function spaceOf(curves: ColourSpace['curves'], toXyz: Matrix): ColourSpace {
  return { curves, toSrgb: product(XYZ_TO_SRGB, toXyz) };
}

/** A colour space for grey pictures: red, green and blue are equal. */
export function greySpace(curve: Curve): ColourSpace {
  return { curves: [curve, curve, curve], toSrgb: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
}

const CHANNELS = 3;
/** In the steepest part of the sRGB curve, two neighbouring entries differ by a fifth of a level. */
const STEPS = 2 ** 14;
const LEVELS = Uint8Array.from({ length: STEPS + 1 }, (_, i) => Math.round(255 * srgbStored(i / STEPS)));

/** Writes the 8-bit sRGB colour of X, Y, Z (under D50) to `to[at]`, `to[at + 1]` and `to[at + 2]`. */
export function xyzToSrgb(x: number, y: number, z: number, to: Uint8Array, at: number): void {
  for (let row = 0; row < CHANNELS; row++) {
    const from = CHANNELS * row;
    const light = XYZ_TO_SRGB[from] * x + XYZ_TO_SRGB[from + 1] * y + XYZ_TO_SRGB[from + 2] * z;
    to[at + row] = storedLevel(light * STEPS);
  }
}

/** @param light 0 to {@link STEPS}; values outside are clamped */
function storedLevel(light: number): number {
  return LEVELS[light <= 0 ? 0 : light >= STEPS ? STEPS : Math.round(light)];
}

/** Converts the three values at `at` in place, from 0 to `maximum`, to 8-bit sRGB. */
export type Converter = (values: Uint8Array | Uint16Array, at: number) => void;

/**
 * Makes a converter to sRGB for values from 0 to `maximum` (255 or 65535).
 * @returns undefined if the converter would change no value by more than one level, as with the many profiles
 *   that describe sRGB
 */
export function converterFrom(space: ColourSpace, maximum: number): Converter | undefined {
  const lights = space.curves.map((curve) =>
    Float32Array.from({ length: maximum + 1 }, (_, i) => Math.min(1, Math.max(0, curve(i / maximum)))),
  );
  const [r, g, b] = lights;
  const m = Float64Array.from(space.toSrgb, (value) => value * STEPS);
  const convert: Converter = (values, at) => {
    const red = r[values[at]];
    const green = g[values[at + 1]];
    const blue = b[values[at + 2]];
    for (let row = 0; row < CHANNELS; row++) {
      const light = m[3 * row] * red + m[3 * row + 1] * green + m[3 * row + 2] * blue;
      values[at + row] = storedLevel(light);
    }
  };
  return changesNothing(convert, maximum) ? undefined : convert;
}

/** Whether no colour of a grid changes by more than one level. */
function changesNothing(convert: Converter, maximum: number): boolean {
  const levels = Array.from({ length: 18 }, (_, i) => 15 * i);
  const values = new Uint16Array(CHANNELS);
  for (const red of levels) {
    for (const green of levels) {
      for (const blue of levels) {
        const colour = [red, green, blue];
        values.set(colour.map((level) => (level * maximum) / 255));
        convert(values, 0);
        if (colour.some((level, i) => Math.abs(level - values[i]) > 1)) return false;
      }
    }
  }
  return true;
}

function apply(m: Matrix, v: readonly number[]): number[] {
  return [0, 3, 6].map((row) => m[row] * v[0] + m[row + 1] * v[1] + m[row + 2] * v[2]);
}

function product(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

/** Inverts a matrix by cofactors. The result is not finite if the matrix is singular. */
function inverse([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  const cofactors = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
  const determinant = a * cofactors[0] + b * cofactors[3] + c * cofactors[6];
  return cofactors.map((value) => value / determinant);
}
