import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OmniError } from '../../errors.ts';
import { patchGrid, patchify, unpatchify } from './patches.ts';

fc.configureGlobal({ seed: 2506 });

describe('patchify', () => {
  it('orders values by row and column in the patch, channel fastest', () => {
    // Value = 100 * channel + 10 * row + column.
    const data = Float32Array.from(
      { length: 2 * 2 * 4 },
      (_, i) => 100 * Math.floor(i / 8) + 10 * (Math.floor(i / 4) % 2) + (i % 4),
    );
    expect([...patchify({ channels: 2, height: 2, width: 4, data }, 2)]).toEqual([
      ...[0, 100, 1, 101, 10, 110, 11, 111],
      ...[2, 102, 3, 103, 12, 112, 13, 113],
    ]);
  });

  it('is inverted by unpatchify', () => {
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(size, size, size, fc.integer({ min: 1, max: 3 }), (channels, rows, columns, patch) => {
        const [height, width] = [rows * patch, columns * patch];
        const data = Float32Array.from({ length: channels * height * width }, (_, i) => i);
        const latents = { channels, height, width, data };
        const back = unpatchify(patchify(latents, patch), channels, { rows, columns }, patch);
        expect(back).toEqual(latents);
      }),
    );
  });
});

describe('patchGrid', () => {
  it('rejects sides that do not divide', () => {
    expect(() => patchGrid({ height: 9, width: 8 }, 2)).toThrow(OmniError);
    expect(() => patchGrid({ height: 9, width: 8 }, 2)).toThrow(/9 x 8/);
  });
});
