import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../pictures/image.ts';
import { flattenRgba } from '../pictures/image.ts';
import { visionPatches } from './language/vision-patches.ts';
import { referencePixels, resizeBilinear, resizeReference, toPixels, toRgbImage } from './pixels.ts';

fc.configureGlobal({ seed: 2506 });

const PREPROCESSOR = {
  minPixels: 3136,
  maxPixels: 12_845_056,
  patchSize: 14,
  temporalPatchSize: 2,
  mergeSize: 2,
  rescaleFactor: 1 / 255,
  imageMean: [0.48145466, 0.4578275, 0.40821073],
  imageStd: [0.26862954, 0.26130258, 0.27577711],
} as const;

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) })
  .chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: 3 * width * height, maxLength: 3 * width * height })
      .map((data): RgbImage => ({ width, height, data })),
  );

describe('pixels', () => {
  it('round-trip to a picture', () => {
    fc.assert(
      fc.property(picture, (image) => {
        const pixels = toPixels(image);
        expect(pixels.data.every((value) => value >= -1 && value <= 1)).toBe(true);
        expect(toRgbImage(pixels)).toEqual(image);
      }),
    );
  });

  it('are stored plane by plane', () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(0, 255, 51, 255, 0, 204) };
    expect([...toPixels(image).data].map((value) => Math.round(value * 10) / 10)).toEqual([
      -1, 1, 1, -1, -0.6, 0.6,
    ]);
  });

  it('are clamped, and NaN is black', () => {
    const data = Float32Array.of(-7, 7, Number.NaN);
    expect([...toRgbImage({ width: 1, height: 1, data }).data]).toEqual([0, 255, 0]);
  });

  it('of a reference have sides that are multiples of 16', () => {
    const image = { width: 50, height: 33, data: new Uint8Array(3 * 50 * 33).fill(255) };
    const { width, height, data } = referencePixels(image, { maxPixels: 1e6, maxReferenceSide: 1024 });
    expect([width, height]).toEqual([48, 32]);
    expect(data).toEqual(new Float32Array(3 * 48 * 32).fill(1));
  });
});

describe('resizeBilinear', () => {
  it('returns a picture of the target size, and keeps a uniform colour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: -4, max: 4 }).map((n) => n / 4),
        (width, height, value) => {
          const pixels = { width: 5, height: 3, data: new Float32Array(45).fill(value) };
          expect(resizeBilinear(pixels, 5, 3)).toBe(pixels);
          const resized = resizeBilinear(pixels, width, height);
          expect(resized.data).toHaveLength(3 * width * height);
          for (const got of resized.data) expect(got).toBeCloseTo(value, 6);
        },
      ),
    );
  });

  it('interpolates neighbours and repeats the edges', () => {
    const row = { width: 2, height: 1, data: Float32Array.of(0, 1) };
    expect([...resizeBilinear(row, 4, 1).data]).toEqual([0, 0.25, 0.75, 1]);
  });
});

describe('visionPatches', () => {
  it('orders pixels by merge block, for both frames', () => {
    const [width, height] = [84, 56];
    const data = new Uint8Array(3 * width * height);
    for (let i = 0; i < data.length; i++) data[i] = (i * 37 + (i >> 5)) % 256;
    const { patches, grid } = visionPatches({ width, height, data }, PREPROCESSOR);
    expect(grid).toEqual({ rows: 4, columns: 6 });
    let at = 0;
    for (const [blockRow, blockColumn] of [0, 1].flatMap((r) => [0, 1, 2].map((c) => [r, c]))) {
      for (const [row, column] of [0, 1].flatMap((r) => [0, 1].map((c) => [r, c]))) {
        for (let channel = 0; channel < 3; channel++) {
          for (let frame = 0; frame < 2; frame++) {
            for (let y = 0; y < 14; y++) {
              for (let x = 0; x < 14; x++, at++) {
                const py = (blockRow * 2 + row) * 14 + y;
                const px = (blockColumn * 2 + column) * 14 + x;
                const level = data[3 * (py * width + px) + channel] / 255;
                const want = (level - PREPROCESSOR.imageMean[channel]) / PREPROCESSOR.imageStd[channel];
                if (Math.abs(patches[at] - want) > 1e-6)
                  expect.fail(`value ${at}: ${patches[at]}, not ${want}`);
              }
            }
          }
        }
      }
    }
    expect(at).toBe(patches.length);
  });
});

describe('flattenRgba', () => {
  it('composes transparent pixels over white', () => {
    const rgba = [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128];
    expect([...flattenRgba(3, 1, rgba).data]).toEqual([10, 20, 30, 255, 255, 255, 127, 177, 255]);
  });
});

it('a resized reference gives the same pixels as the original', () => {
  const data = Uint8Array.from({ length: 3 * 100 * 75 }, (_, i) => (i * 7919) % 256);
  const photo = { width: 100, height: 75, data };
  const limits = { maxPixels: 64 * 64, maxReferenceSide: 1024 };
  const small = resizeReference(photo, limits);
  expect(small).toMatchObject({ width: 64, height: 48 });
  expect(referencePixels(small, limits)).toEqual(referencePixels(photo, limits));
});
