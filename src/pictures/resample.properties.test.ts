/** Resizing compared with the same computation in real numbers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage, Size } from './image.ts';
import { type ResampleFilter, resample } from './resample.ts';

fc.configureGlobal({ seed: 2506 });

const side = fc.integer({ min: 1, max: 20 });
const filter = fc.constantFrom('lanczos' as const, 'bicubic' as const);

const picture = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: 3 * width * height, maxLength: 3 * width * height })
      .map((data): RgbImage => ({ width, height, data })),
  );

const WINDOW: Readonly<Record<ResampleFilter, { reach: number; weight: (x: number) => number }>> = {
  lanczos: {
    reach: 3,
    weight: (x) =>
      x === 0 ? 1 : (3 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3)) / (Math.PI * x) ** 2,
  },
  bicubic: {
    reach: 2,
    weight: (x) => (x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2),
  },
};

/** The weight of each source pixel in each target pixel, in real numbers. */
function weightsOf(from: number, to: number, name: ResampleFilter): number[][] {
  const { reach, weight } = WINDOW[name];
  const stretch = Math.max(from / to, 1);
  return Array.from({ length: to }, (_, target) => {
    const center = ((target + 0.5) * from) / to;
    const raw = Array.from({ length: from }, (__, source) => {
      const distance = Math.abs(source + 0.5 - center) / stretch;
      return distance < reach ? weight(distance) : 0;
    });
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((value) => value / sum);
  });
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}

/**
 * Resamples in real numbers, and clips to the range of a byte after each pass, as the fixed-point code does.
 */
function inRealNumbers(
  { width, height, data }: RgbImage,
  to: Size,
  name: ResampleFilter,
  columnsFirst: boolean,
) {
  const across = weightsOf(width, to.width, name);
  const down = weightsOf(height, to.height, name);
  const sum = (weights: number[], value: (i: number) => number) =>
    clip(weights.reduce((total, weight, i) => total + weight * value(i), 0));
  return Array.from({ length: 3 * to.width * to.height }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % to.width, Math.floor(i / 3 / to.width)];
    const pixel = (column: number, row: number) => data[3 * (row * width + column) + channel];
    return columnsFirst
      ? sum(across[x], (column) => sum(down[y], (row) => pixel(column, row)))
      : sum(down[y], (row) => sum(across[x], (column) => pixel(column, row)));
  });
}

describe('resample', () => {
  it('is within two levels of the same sum in real numbers', () => {
    fc.assert(
      fc.property(picture, side, side, filter, (image, width, height, name) => {
        const { data } = resample(image, width, height, name);
        const worst = [true, false].map((columnsFirst) =>
          inRealNumbers(image, { width, height }, name, columnsFirst).reduce(
            (most, value, i) => Math.max(most, Math.abs(value - data[i])),
            0,
          ),
        );
        expect(Math.min(...worst)).toBeLessThan(2);
      }),
      { numRuns: 60 },
    );
  });

  it('treats all channels alike, and left like right', () => {
    const mapped = (
      { width, height, data }: RgbImage,
      from: (x: number, channel: number) => [number, number],
    ) => ({
      width,
      height,
      data: data.map((_, i) => {
        const [x, channel] = from(Math.floor(i / 3) % width, i % 3);
        return data[3 * (Math.floor(i / 3 / width) * width + x) + channel];
      }),
    });
    fc.assert(
      fc.property(picture, side, side, filter, (image, width, height, name) => {
        const rotated = (of: RgbImage) => mapped(of, (x, channel) => [x, (channel + 1) % 3]);
        expect(resample(rotated(image), width, height, name)).toEqual(
          rotated(resample(image, width, height, name)),
        );
        const mirrored = (of: RgbImage) => mapped(of, (x, channel) => [of.width - 1 - x, channel]);
        const [got, want] = [
          resample(mirrored(image), width, height, name),
          mirrored(resample(image, width, height, name)),
        ];
        // Mirrored weights may round differently in the last digit.
        got.data.forEach((value, i) => {
          expect(Math.abs(value - want.data[i])).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});
