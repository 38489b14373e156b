import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Planes } from './planes.ts';
import { planTiles, runTiled } from './tiling.ts';

fc.configureGlobal({ seed: 2506 });

function planes(channels: number, height: number, width: number): Planes {
  const data = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(i));
  return { channels, height, width, data };
}

/** Repeats every value in a square of `factor` pixels a side. */
function upsampled({ channels, height, width, data }: Planes, factor: number): Planes {
  const [h, w] = [height * factor, width * factor];
  const out = Float32Array.from({ length: channels * h * w }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    return data[(channel * height + Math.floor(y / factor)) * width + Math.floor(x / factor)];
  });
  return { channels, height: h, width: w, data: out };
}

describe('runTiled', () => {
  it('gives the result of one run if a tile does not depend on its surroundings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(4, 8, 12),
        async (height, width, side) => {
          const input = planes(2, height, width);
          const whole = upsampled(input, 2);
          const got = await runTiled(input, planTiles(side, 2 * side), async (tile) => upsampled(tile, 2));
          expect([got.channels, got.height, got.width]).toEqual([2, 2 * height, 2 * width]);
          const worst = got.data.reduce(
            (most, value, i) => Math.max(most, Math.abs(value - whole.data[i])),
            0,
          );
          expect(worst).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('blends adjacent tiles over a quarter of a tile', async () => {
    let count = 0;
    const constant = async (tile: Planes): Promise<Planes> => ({
      ...tile,
      data: new Float32Array(tile.data.length).fill(count++),
    });
    // Tiles of 8 start at 0 and 6. They are blended at the pixels 6 and 7.
    const got = await runTiled(planes(1, 1, 10), planTiles(8, 8), constant);
    expect([...got.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0.5, 1, 1]);
  });
});
