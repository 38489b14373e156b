/** What is done to latents around the transformer: patches, guidance, tiles. */

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { planTiles, runTiled } from '../vae/tiling.ts';
import { combineGuidance, guidanceBranches } from './guidance.ts';
import { patchify, unpatchify } from './patches.ts';

fc.configureGlobal({ seed: 2506 });

test('a patch contains its square of every channel and nothing else', () => {
  const small = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(small, small, small, fc.integer({ min: 1, max: 3 }), (channels, rows, columns, patch) => {
      const [height, width] = [rows * patch, columns * patch];
      const data = Float32Array.from({ length: channels * height * width }, (_, i) => i);
      const patches = patchify({ channels, height, width, data }, patch);
      const size = patch * patch * channels;
      patches.forEach((pixel, i) => {
        const [row, column] = [Math.floor(Math.floor(i / size) / columns), Math.floor(i / size) % columns];
        const [y, x] = [Math.floor(pixel / width) % height, pixel % width];
        expect([Math.floor(y / patch), Math.floor(x / patch)]).toEqual([row, column]);
        expect(i % channels).toBe(Math.floor(pixel / (height * width)));
      });
      expect(new Set(patches).size).toBe(patches.length);
      expect(unpatchify(patches, channels, { rows, columns }, patch).data).toEqual(data);
    }),
  );
});

describe('guidance', () => {
  const value = fc.double({ min: -8, max: 8, noNaN: true }).map(Math.fround);
  const scale = fc.double({ min: 0, max: 10, noNaN: true });
  const fraction = fc.integer({ min: 0, max: 20 }).map((part) => part / 20);

  it('equals the official formula, with scales of 1 outside the range', () => {
    const predictions = fc.record({ cond: value, ref: value, uncond: value });
    fc.assert(
      fc.property(predictions, scale, scale, fc.nat(3), ({ cond, ref, uncond }, text, image, references) => {
        const plan = guidanceBranches({
          textGuidance: text,
          imageGuidance: image,
          guidanceRange: [0, 1],
          references,
          step: 0,
          steps: 1,
        });
        const [got] = combineGuidance(plan, {
          cond: Float32Array.of(cond),
          ref: Float32Array.of(ref),
          uncond: Float32Array.of(uncond),
        });
        const want =
          text <= 1
            ? cond
            : references === 0 || image <= 1
              ? uncond + text * (cond - uncond)
              : uncond + image * (ref - uncond) + text * (cond - ref);
        expect(Math.abs(got - want)).toBeLessThan(1e-4);
      }),
      { numRuns: 300 },
    );
  });

  it('is applied to one contiguous run of steps, those in the range', () => {
    fc.assert(
      fc.property(fraction, fraction, fc.integer({ min: 1, max: 40 }), (a, b, steps) => {
        const guidanceRange = [Math.min(a, b), Math.max(a, b)] as const;
        const guided = Array.from({ length: steps }, (_, step) => {
          const request = { textGuidance: 4, imageGuidance: 2, guidanceRange, references: 1, step, steps };
          return guidanceBranches(request).branches.length === 3;
        });
        guided.forEach((applied, step) => {
          expect(applied).toBe(step / steps >= guidanceRange[0] && step / steps <= guidanceRange[1]);
        });
      }),
    );
  });
});

test('the weights of tiles at every pixel are 0 to 1, inside the tile, and sum to 1', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(4, 8, 12),
      async (height, width, side) => {
        const data = new Float32Array(height * width);
        const input = { channels: 1, height, width, data };
        const tiling = planTiles(side, side);
        let tiles = 0;
        await runTiled(input, tiling, async (tile) => {
          tiles++;
          return tile;
        });
        const sum = new Float64Array(height * width);
        const across = Math.ceil(width / tiling.inputStride);
        for (let shown = 0; shown < tiles; shown++) {
          let count = 0;
          const share = await runTiled(input, tiling, async (tile) => ({
            ...tile,
            data: new Float32Array(tile.data.length).fill(count++ === shown ? 1 : 0),
          }));
          const [top, left] = [Math.floor(shown / across), shown % across].map((i) => i * tiling.inputStride);
          share.data.forEach((part, i) => {
            const [y, x] = [Math.floor(i / width), i % width];
            const inside = y >= top && y < top + side && x >= left && x < left + side;
            expect(part >= 0 && part <= (inside ? 1 : 0)).toBe(true);
            sum[i] += part;
          });
        }
        for (const total of sum) expect(total).toBeCloseTo(1, 6);
      },
    ),
    { numRuns: 20 },
  );
});
