import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from './image.ts';
import { resample } from './resample.ts';

fc.configureGlobal({ seed: 2506 });

/** A picture with a fixed pattern that has edges of all sizes. */
function pattern(width: number, height: number): RgbImage {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * i * 31 + i * 7 + 11) % 251);
  return { width, height, data };
}

const side = fc.integer({ min: 1, max: 24 });
const filter = fc.constantFrom('lanczos' as const, 'bicubic' as const);

describe('resample', () => {
  // Output of Pillow 13.0.0 for the same pattern.
  it.each([
    ['lanczos', 7, 5, 3, 4, '5c4356517a5d55414574c33b90a37c885b9fb48847bd4b7aa64888ba9fc8c4a7a29e9eb1'],
    [
      'bicubic',
      4,
      6,
      5,
      3,
      '2d51963b305e712c2a78591c31962c7f9055c79e997a91942a8a5a6fa23c8d8e5dc99c86cc7387c13b7de52f93',
    ],
    [
      'lanczos',
      3,
      3,
      5,
      4,
      '0628a30d1f7b3d1f3a904026bb572c27916d2870863331904b13525711237a89184d75411f5b6d4d61537a6e33a41801532900176f0094d529fdff49',
    ],
    ['lanczos', 5, 9, 4, 3, '325c4e6052238a8b5c8b8a9095877ac79e62c56fa28d6ab0d18b87c58a6b90c85db46782'],
  ] as const)(
    'gives the same bytes as PIL: %s %i x %i to %i x %i',
    (name, fromWidth, fromHeight, width, height, hex) => {
      const { data } = resample(pattern(fromWidth, fromHeight), width, height, name);
      expect(Buffer.from(data).toString('hex')).toBe(hex);
    },
  );

  it('does not change a picture that has the target size', () => {
    fc.assert(
      fc.property(side, side, filter, (width, height, name) => {
        const image = pattern(width, height);
        expect(resample(image, width, height, name)).toEqual(image);
      }),
    );
  });

  it('keeps a uniform colour at any size, black and white included', () => {
    fc.assert(
      fc.property(side, side, side, side, filter, fc.nat(255), (sw, sh, width, height, name, grey) => {
        const image = { width: sw, height: sh, data: new Uint8Array(3 * sw * sh).fill(grey) };
        const { data } = resample(image, width, height, name);
        expect(data).toEqual(new Uint8Array(3 * width * height).fill(grey));
      }),
    );
  });

  it('commutes with mirroring when one side changes', () => {
    const image = pattern(13, 1);
    const mirror = ({ width, height, data }: RgbImage): RgbImage => ({
      width,
      height,
      data: data.map((_, i) => data[3 * (width - 1 - Math.floor(i / 3)) + (i % 3)]),
    });
    expect(resample(mirror(image), 6, 1, 'lanczos')).toEqual(mirror(resample(image, 6, 1, 'lanczos')));
  });

  it('clips overshoot at black and white', () => {
    const edge = { width: 4, height: 1, data: Uint8Array.of(0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255) };
    const { data } = resample(edge, 16, 1, 'lanczos');
    // Without clipping, the ringing beside the edge would wrap around.
    expect(Math.max(...data.subarray(0, 18))).toBeLessThan(30);
    expect(Math.min(...data.subarray(-18))).toBeGreaterThan(225);
    expect([...data].filter((grey) => grey === 0 || grey === 255).length).toBeGreaterThan(12);
  });
});
