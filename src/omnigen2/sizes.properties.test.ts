/** Sizes of references, outputs and the vision tower's input, for random pictures. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Size } from '../pictures/image.ts';
import { outputSize, referenceSize, visionSize } from './sizes.ts';

fc.configureGlobal({ seed: 2506 });

const pixels = fc.record({
  width: fc.integer({ min: 16, max: 4096 }),
  height: fc.integer({ min: 16, max: 4096 }),
});
const maxPixels = fc.integer({ min: 4096, max: 4_000_000 });

/** The size, or undefined if it is refused. */
function unlessRefused(size: () => Size): Size | undefined {
  try {
    return size();
  } catch (error) {
    expect(error).toMatchObject({ name: 'OmniError' });
    return undefined;
  }
}

describe('sizes of random pictures', () => {
  it('a reference is as large as its limits allow, and is not resized twice', () => {
    fc.assert(
      fc.property(pixels, maxPixels, fc.integer({ min: 64, max: 2048 }), (size, most, longest) => {
        const limits = { maxPixels: most, maxReferenceSide: longest };
        const resized = unlessRefused(() => referenceSize(size, limits));
        if (!resized) return;
        expect(referenceSize(resized, limits)).toEqual(resized);
        const [width, height] = [resized.width + 17, resized.height + 17];
        // Both sides longer by one multiple of 16 would exceed a limit or the picture itself.
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

  it('a picture is drawn in multiples of 16 within the limit, and returned at the requested size', () => {
    fc.assert(
      fc.property(pixels, maxPixels, (size, most) => {
        let drawn: Size | undefined;
        unlessRefused(() => {
          const output = outputSize(size, most);
          expect(output.requested).toEqual(size);
          drawn = output.drawn;
          return drawn;
        });
        if (!drawn) return;
        const { width, height } = drawn;
        expect([width % 16, height % 16]).toEqual([0, 0]);
        expect(width * height).toBeLessThanOrEqual(most);
        expect(width <= size.width && height <= size.height).toBe(true);
        if (size.width * size.height <= most) {
          expect([size.width - width, size.height - height].every((lost) => lost < 16)).toBe(true);
        }
        expect(outputSize(drawn, most).drawn).toEqual(drawn);
      }),
      { numRuns: 300 },
    );
  });

  it('the input of the vision tower keeps the aspect ratio, and is not resized twice', () => {
    const rule = { patchSize: 14, mergeSize: 2, minPixels: 3136, maxPixels: 1_000_000 };
    fc.assert(
      fc.property(pixels, (size) => {
        const input = unlessRefused(() => visionSize(size, rule));
        if (!input) return;
        expect(visionSize(input, rule)).toEqual(input);
        // Each side is within one cell (28 pixels) of exact proportional scaling.
        const zoom = Math.sqrt((input.width * input.height) / (size.width * size.height));
        expect(
          Math.abs(Math.sqrt(input.width / (size.width * zoom)) - 1) * Math.min(input.width, input.height),
        ).toBeLessThan(28);
      }),
      { numRuns: 300 },
    );
  });
});
