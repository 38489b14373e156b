import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bfloatToFloat, floatToBfloat, floatToHalf, halfBits, halfToFloat, roundToHalf } from './half.ts';

fc.configureGlobal({ seed: 2506 });

const ALL = Uint16Array.from({ length: 65536 }, (_, code) => code);

describe('float16', () => {
  it('restores every bit pattern after float32', () => {
    const back = floatToHalf(halfToFloat(ALL));
    const isNan = (code: number) => (code & 0x7c00) === 0x7c00 && (code & 0x3ff) !== 0;
    expect(ALL.filter((code) => !isNan(code) && back[code] !== code)).toHaveLength(0);
    expect(ALL.filter((code) => isNan(code) && !isNan(back[code]))).toHaveLength(0);
  });

  it('converts zeros, the largest, the smallest and other special values', () => {
    const values = [0, -0, 1, -2, 65504, 65519.9, 65520, 2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 2 ** -14, 1 / 3];
    expect(values.map(halfBits)).toEqual([
      0, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x7bff, 0x7c00, 1, 0, 1, 0x0400, 0x3555,
    ]);
  });

  it('rounds to the nearest neighbour, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const code = halfBits(value);
        const rounded = roundToHalf(value);
        const neighbours = halfToFloat(
          Uint16Array.of(code === 0 || code === 0x8000 ? code : code - 1, code + 1),
        );
        for (const other of neighbours) {
          const [here, there] = [Math.abs(rounded - value), Math.abs(other - value)];
          expect(here).toBeLessThanOrEqual(there);
          if (here === there && rounded !== other) expect(code & 1).toBe(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('bfloat16', () => {
  it('restores every bit pattern after float32', () => {
    const back = floatToBfloat(bfloatToFloat(ALL));
    const isNan = (code: number) => (code & 0x7fff) > 0x7f80;
    expect(ALL.filter((code) => !isNan(code) && back[code] !== code)).toHaveLength(0);
    expect(ALL.filter((code) => isNan(code) && !isNan(back[code]))).toHaveLength(0);
  });

  it('is within half a unit in the last place', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-30), max: Math.fround(1e30) }),
        (value) => {
          const rounded = bfloatToFloat(floatToBfloat(Float32Array.of(value)))[0];
          expect(Math.abs(rounded - value)).toBeLessThanOrEqual(value * 2 ** -8);
        },
      ),
    );
  });
});
