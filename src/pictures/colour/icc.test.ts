import { describe, expect, it } from 'vitest';
import { type ColourSpace, converterFrom } from './colour.ts';
import { type Profile, readProfile } from './icc.ts';

/** Encodes s15Fixed16Numbers. */
function fixed(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeInt32BE(Math.round(value * 65536), 4 * i);
  return bytes;
}

function uint16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}

const HEAD = Buffer.alloc(4);
const samples = (...values: number[]) =>
  Buffer.concat([Buffer.from('curv'), HEAD, Buffer.of(0, 0, 0, values.length), uint16(...values)]);
const formula = (form: number, ...values: number[]) =>
  Buffer.concat([Buffer.from('para'), HEAD, uint16(form, 0), fixed(...values)]);
const xyz = (...values: number[]) => Buffer.concat([Buffer.from('XYZ '), HEAD, fixed(...values)]);

/** The primaries of sRGB under D50. Source: IEC 61966-2-1, adapted by Bradford */
const SRGB_COLUMNS = {
  rXYZ: xyz(0.43606, 0.22249, 0.01392),
  gXYZ: xyz(0.38515, 0.71687, 0.09708),
  bXYZ: xyz(0.14307, 0.06061, 0.7141),
};

function profileOf(space: 'RGB ' | 'GRAY', tags: Readonly<Record<string, Buffer>>): Buffer {
  const head = Buffer.alloc(132 + 12 * Object.keys(tags).length);
  head.write(space, 16);
  head.write('XYZ ', 20);
  head.write('acsp', 36);
  head.writeUInt32BE(Object.keys(tags).length, 128);
  let body = Buffer.alloc(0);
  Object.entries(tags).forEach(([name, data], i) => {
    head.write(name, 132 + 12 * i);
    head.writeUInt32BE(head.length + body.length, 136 + 12 * i);
    head.writeUInt32BE(data.length, 140 + 12 * i);
    body = Buffer.concat([body, data]);
  });
  return Buffer.concat([head, body]);
}

function rgbProfile(curve: Buffer, columns: Readonly<Record<string, Buffer>> = SRGB_COLUMNS): Buffer {
  return profileOf('RGB ', { ...columns, rTRC: curve, gTRC: curve, bTRC: curve });
}

function spaceOf(profile: Profile): ColourSpace {
  return typeof profile === 'string' ? expect.fail(profile) : profile;
}

/** The linear light of a stored value. */
function lightOf(curve: Buffer, stored: number): number {
  return spaceOf(readProfile(rgbProfile(curve), false)).curves[0](stored);
}

describe('readProfile', () => {
  it('evaluates every type of curve', () => {
    expect(lightOf(samples(), 0.3)).toBe(0.3);
    expect(lightOf(samples(0x0240), 0.5)).toBeCloseTo(0.5 ** 2.25, 6);
    expect(lightOf(samples(0, 16_384, 65_535), 0.25)).toBeCloseTo(0.125, 4);
    expect(lightOf(samples(0, 16_384, 65_535), 1)).toBeCloseTo(1, 6);
    expect(lightOf(formula(0, 1.8), 0.5)).toBeCloseTo(0.5 ** 1.8, 4);
    expect(lightOf(formula(1, 2, 1, -0.25), 0.2)).toBe(0);
    expect(lightOf(formula(1, 2, 1, -0.25), 0.75)).toBeCloseTo(0.25, 4);
    expect(lightOf(formula(2, 2, 1, -0.25, 0.1), 0.2)).toBeCloseTo(0.1, 4);
    expect(lightOf(formula(3, 2.4, 0.9479, 0.0521, 0.0774, 0.0405), 0.02)).toBeCloseTo(0.00155, 4);
    expect(lightOf(formula(4, 2, 1, 0, 0.5, 0.2, 0.1, 0.05), 0.1)).toBeCloseTo(0.1, 4);
    expect(lightOf(formula(4, 2, 1, 0, 0.5, 0.2, 0.1, 0.05), 0.5)).toBeCloseTo(0.35, 4);
  });

  it('ignores broken profiles and those for other pixels, and reports lookup tables', () => {
    const grey = profileOf('GRAY', { kTRC: samples(0x01cd) });
    expect(readProfile(grey, false)).toBe('none');
    expect(spaceOf(readProfile(grey, true)).curves[0](0.5)).toBeCloseTo(0.5 ** (461 / 256), 6);
    const colour = rgbProfile(samples(0x0233));
    expect(readProfile(colour, true)).toBe('none');
    for (const length of [0, 100, 140, colour.length - 40]) {
      expect(readProfile(colour.subarray(0, length), false), `${length}`).toBe('none');
    }
    expect(readProfile(profileOf('RGB ', { A2B0: Buffer.alloc(40) }), false)).toBe('tables');
  });
});

describe('converterFrom', () => {
  const srgb = formula(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045);

  it('needs no conversion for a profile that describes sRGB', () => {
    for (const maximum of [255, 65_535]) {
      expect(converterFrom(spaceOf(readProfile(rgbProfile(srgb), false)), maximum)).toBeUndefined();
    }
  });

  it('converts between primaries, and clips colours outside sRGB', () => {
    const { rXYZ, gXYZ, bXYZ } = SRGB_COLUMNS;
    const rotated = spaceOf(readProfile(rgbProfile(srgb, { rXYZ: gXYZ, gXYZ: bXYZ, bXYZ: rXYZ }), false));
    const values = Uint8Array.of(9, 200, 100, 50);
    converterFrom(rotated, 255)?.(values, 1);
    expect([...values]).toEqual([9, 50, 200, 100]);
    // A curve that doubles the light: everything brighter than white is clipped.
    const bright = formula(4, 1, 2, 0, 2, 0, 0, 0);
    const white = Uint16Array.of(65_535, 50_000, 0);
    converterFrom(spaceOf(readProfile(rgbProfile(bright), false)), 65_535)?.(white, 0);
    expect([...white]).toEqual([255, 255, 0]);
  });
});
