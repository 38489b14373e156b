/** Resizing and sizes, against what the rules say in real numbers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputSize, referenceSize, visionSize } from '../omnigen2/sizes.ts';
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

/** The share of each source pixel in each target pixel, in real numbers. */
function shares(from: number, to: number, name: ResampleFilter): number[][] {
  const { reach, weight } = WINDOW[name];
  const stretch = Math.max(from / to, 1);
  return Array.from({ length: to }, (_, target) => {
    const center = ((target + 0.5) * from) / to;
    const raw = Array.from({ length: from }, (__, source) => {
      const distance = Math.abs(source + 0.5 - center) / stretch;
      return distance < reach ? weight(distance) : 0;
    });
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((share) => share / sum);
  });
}

function cut(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}

/** Rows first, then columns, cut to the range of a byte after each, as the fixed-point version has it. */
function inRealNumbers(
  { width, height, data }: RgbImage,
  to: Size,
  name: ResampleFilter,
  columnsFirst: boolean,
) {
  const across = shares(width, to.width, name);
  const down = shares(height, to.height, name);
  const sum = (list: number[], value: (i: number) => number) =>
    cut(list.reduce((total, share, i) => total + share * value(i), 0));
  return Array.from({ length: 3 * to.width * to.height }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % to.width, Math.floor(i / 3 / to.width)];
    const pixel = (column: number, row: number) => data[3 * (row * width + column) + channel];
    return columnsFirst
      ? sum(across[x], (column) => sum(down[y], (row) => pixel(column, row)))
      : sum(down[y], (row) => sum(across[x], (column) => pixel(column, row)));
  });
}

describe('resample', () => {
  it('is within two grey levels of the same sum in real numbers', () => {
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

  it('treats the colours alike, and left as right', () => {
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
        const turned = (of: RgbImage) => mapped(of, (x, channel) => [x, (channel + 1) % 3]);
        expect(resample(turned(image), width, height, name)).toEqual(
          turned(resample(image, width, height, name)),
        );
        const mirrored = (of: RgbImage) => mapped(of, (x, channel) => [of.width - 1 - x, channel]);
        const [got, want] = [
          resample(mirrored(image), width, height, name),
          mirrored(resample(image, width, height, name)),
        ];
        // Mirrored weights may round to another last digit.
        got.data.forEach((value, i) => {
          expect(Math.abs(value - want.data[i])).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});

const pixels = fc.record({
  width: fc.integer({ min: 16, max: 4096 }),
  height: fc.integer({ min: 16, max: 4096 }),
});
const maxPixels = fc.integer({ min: 4096, max: 4_000_000 });

/** The size, or undefined for a shape that is refused. */
function unlessRefused(size: () => Size): Size | undefined {
  try {
    return size();
  } catch (error) {
    expect(error).toMatchObject({ name: 'OmniError' });
    return undefined;
  }
}

describe('sizes', () => {
  it('a reference is as large as its limits let it be, and then stays', () => {
    fc.assert(
      fc.property(pixels, maxPixels, fc.integer({ min: 64, max: 2048 }), (size, most, longest) => {
        const limits = { maxPixels: most, maxReferenceSide: longest };
        const cutTo = unlessRefused(() => referenceSize(size, limits));
        if (!cutTo) return;
        expect(referenceSize(cutTo, limits)).toEqual(cutTo);
        const [width, height] = [cutTo.width + 17, cutTo.height + 17];
        // One more step of 16 on both sides breaks a limit, or is larger than the picture itself.
        expect(
          width > size.width ||
            height > size.height ||
            Math.max(width, height) > longest ||
            width * height > most,
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('a picture is drawn in multiples of 16 within the limit, and handed over as asked', () => {
    fc.assert(
      fc.property(pixels, maxPixels, (size, most) => {
        let drawn: Size | undefined;
        unlessRefused(() => {
          const { generated, requested } = outputSize(size, most);
          expect(requested).toEqual(size);
          drawn = generated;
          return generated;
        });
        if (!drawn) return;
        const { width, height } = drawn;
        expect([width % 16, height % 16]).toEqual([0, 0]);
        expect(width * height).toBeLessThanOrEqual(most);
        expect(width <= size.width && height <= size.height).toBe(true);
        if (size.width * size.height <= most) {
          expect([size.width - width, size.height - height].every((lost) => lost < 16)).toBe(true);
        }
        expect(outputSize(drawn, most).generated).toEqual(drawn);
      }),
      { numRuns: 300 },
    );
  });

  it('what the vision tower sees has the shape of the picture, and is seen as it is', () => {
    const rule = { patchSize: 14, mergeSize: 2, minPixels: 3136, maxPixels: 1_000_000 };
    fc.assert(
      fc.property(pixels, (size) => {
        const seen = unlessRefused(() => visionSize(size, rule));
        if (!seen) return;
        expect(visionSize(seen, rule)).toEqual(seen);
        // Each side is within one cell of a picture that is scaled as a whole.
        const zoom = Math.sqrt((seen.width * seen.height) / (size.width * size.height));
        expect(
          Math.abs(Math.sqrt(seen.width / (size.width * zoom)) - 1) * Math.min(seen.width, seen.height),
        ).toBeLessThan(28);
      }),
      { numRuns: 300 },
    );
  });
});
