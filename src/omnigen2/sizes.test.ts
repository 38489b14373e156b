import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputSize, referenceSize, roundHalfEven, SIZE_MULTIPLE, visionSize } from './sizes.ts';

fc.configureGlobal({ seed: 2506 });

const LIMITS = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 };
const VISION = { patchSize: 14, mergeSize: 2, minPixels: 3136, maxPixels: 12_845_056 };
const side = fc.integer({ min: 1, max: 16_384 });

describe('referenceSize', () => {
  it('rounds sides down to multiples of 16 within the limits and never enlarges', () => {
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: 256, max: 4e6 }),
        side,
        (width, height, maxPixels, longest) => {
          let size: ReturnType<typeof referenceSize>;
          try {
            size = referenceSize({ width, height }, { maxPixels, maxReferenceSide: longest });
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad_image' });
            return;
          }
          expect(size.width % SIZE_MULTIPLE).toBe(0);
          expect(size.height % SIZE_MULTIPLE).toBe(0);
          expect(size.width).toBeLessThanOrEqual(Math.min(width, longest));
          expect(size.height).toBeLessThanOrEqual(Math.min(height, longest));
          expect(size.width * size.height).toBeLessThanOrEqual(maxPixels);
        },
      ),
    );
  });

  it('rejects a picture with a side below 16 pixels, with the size that it would have', () => {
    expect(() => referenceSize({ width: 20_000, height: 3 }, LIMITS, 'strip.png')).toThrow(
      /strip\.png is 20000 × 3 pixels.*at least 16 pixels\. It would be shrunk to 1024 × 0/,
    );
    expect(() => referenceSize({ width: 1600, height: 20 }, LIMITS)).toThrow(/shrunk to 1024 × 12/);
    expect(() => referenceSize({ width: 15, height: 40 }, LIMITS)).toThrow(/at least 16 pixels\.$/);
  });

  it.each([
    [33, 15, 32, 8],
    [31, 31, 24, 24],
    [2047, 2049, 1016, 1024],
  ])('a VAE that downscales by 4 rounds %i x %i to %i x %i', (width, height, roundedWidth, roundedHeight) => {
    const limits = { maxPixels: 1024 * 1024, maxReferenceSide: 1024, sideMultiple: 8 };
    expect(referenceSize({ width, height }, limits)).toEqual({ width: roundedWidth, height: roundedHeight });
  });
});

describe('outputSize', () => {
  it('has a drawing within the limit and the requested output', () => {
    expect(outputSize({ width: 1500, height: 900 }, 1024 * 1024)).toEqual({
      drawn: { width: 1312, height: 784 },
      requested: { width: 1500, height: 900 },
    });
  });

  it('has the size of an aligned reference for both', () => {
    const aligned = { width: 64, height: 48 };
    expect(outputSize({ width: 512, height: 512 }, 4096, aligned)).toEqual({
      drawn: aligned,
      requested: aligned,
    });
  });

  it('rejects sides that are too small, invalid or would be rounded to zero', () => {
    for (const width of [15, 0, -16, 100.5, Number.NaN, 4097]) {
      expect(() => outputSize({ width, height: 512 }, 4096)).toThrow(/whole number from 16 to 4,096\.$/);
    }
    expect(() => outputSize({ width: 4096, height: 17 }, 4096)).toThrow(/less than 16 pixels/);
  });
});

describe('visionSize', () => {
  it('gives multiples of 28 within the limits for any shape', () => {
    fc.assert(
      fc.property(fc.integer({ min: 28, max: 9000 }), fc.integer({ min: 28, max: 9000 }), (width, height) => {
        fc.pre(Math.max(width, height) / Math.min(width, height) <= 200);
        const size = visionSize({ width, height }, VISION);
        expect(size.width % 28).toBe(0);
        expect(size.height % 28).toBe(0);
        expect(size.width * size.height).toBeGreaterThanOrEqual(VISION.minPixels);
        expect(size.width * size.height).toBeLessThanOrEqual(VISION.maxPixels);
      }),
    );
  });

  it('rejects sides below 28 pixels and aspect ratios above 200', () => {
    expect(() => visionSize({ width: 27, height: 500 }, VISION, 'a.png')).toThrow(/a\.png.*at least 28/);
    expect(() => visionSize({ width: 28, height: 5601 }, VISION)).toThrow(/200 times/);
    expect(visionSize({ width: 28, height: 5600 }, VISION)).toEqual({ width: 28, height: 5600 });
  });
});

it('rounds halves to even', () => {
  expect([0.5, 1.5, 2.5, 3.5, -0.5, 2.4999, 2.5001].map(roundHalfEven)).toEqual([0, 2, 2, 4, 0, 2, 3]);
});
