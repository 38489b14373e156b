import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RELEASED_VAE } from '../device/released-widths.ts';
import { attentionWork } from '../diffusion/attention-parts.ts';
import { concatRows, sliceRows } from './planes.ts';
import { MAX_BUFFER_BYTES, planStrips } from './strip-plan.ts';
import { normMoments, type RowMoments, splitIntoStrips } from './strips.ts';

fc.configureGlobal({ seed: 2506 });

const WASM = { attentionWork: attentionWork('wasm') };

const side = fc.integer({ min: 1, max: 128 });

describe('planStrips', () => {
  it('does not split small pictures', () => {
    expect(planStrips(RELEASED_VAE, { width: 32, height: 32 })).toBeUndefined();
    expect(planStrips(RELEASED_VAE, { width: 1, height: 1 })).toBeUndefined();
  });

  it('splits 1024 x 1024 pixels of the official VAE', () => {
    const plan = planStrips(RELEASED_VAE, { width: 128, height: 128 });
    // A row of latents has 8 rows of 1024 pixels with up to 256 channels, 8 MiB.
    expect(plan?.rows.length).toBe(19);
    // 64 MiB of attention scores, 16,384 per query.
    expect(plan?.queries).toBe(1024);
    expect(planStrips(RELEASED_VAE, { width: 128, height: 128 }, WASM)).toEqual({ ...plan, queries: 127 });
  });

  it('does not split without a limit', () => {
    expect(
      planStrips(
        RELEASED_VAE,
        { width: 128, height: 128 },
        { ...WASM, maxBufferBytes: Number.POSITIVE_INFINITY },
      ),
    ).toBeUndefined();
  });

  it('keeps every buffer within the limit if one row of latents fits', () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 20, max: 28 }), (width, height, exponent) => {
        const bound = 2 ** exponent;
        const plan = planStrips(RELEASED_VAE, { width, height }, { ...WASM, maxBufferBytes: bound });
        const rows = plan?.rows ?? [height];
        expect(rows.reduce((a, b) => a + b, 0)).toBe(height);
        expect(Math.max(...rows) - Math.min(...rows)).toBeLessThanOrEqual(1);
        const most = Math.max(...rows);
        const halo = plan ? 2 : 0;
        // The most channels of a map at each number of pixels per latent pixel, along one side.
        for (const [factor, channels] of [
          [8, 256],
          [4, 512],
          [2, 512],
          [1, 512],
        ]) {
          const bytes = 4 * channels * width * factor * (most * factor + halo);
          if (most > 1 || !plan) expect(bytes).toBeLessThanOrEqual(bound);
        }
        const queries = plan?.queries ?? width * height;
        if (queries > 1) expect(4 * queries * width * height).toBeLessThanOrEqual(bound);
        expect(2 * 512 * queries * width * height).toBeLessThanOrEqual(WASM.attentionWork);
      }),
      { numRuns: 300 },
    );
  });

  it('stays within the default limit for any picture that can be drawn', () => {
    for (const [width, height] of [
      [128, 128],
      [256, 64],
      [512, 32],
      [32, 512],
    ]) {
      const { rows, queries } = planStrips(RELEASED_VAE, { width, height }, WASM) ?? { rows: [], queries: 0 };
      expect(4 * 256 * 8 * width * (8 * Math.max(...rows) + 2)).toBeLessThanOrEqual(MAX_BUFFER_BYTES);
      expect(queries).toBe(127);
    }
  });
});

const numbers = (length: number) =>
  fc
    .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: length, maxLength: length })
    .map((list) => Float32Array.from(list));

describe('strips', () => {
  it('concatenate to the planes that they are slices of', () => {
    fc.assert(
      fc.property(side, fc.integer({ min: 1, max: 5 }), numbers(24), (at, width, data) => {
        const planes = { channels: 1, height: 24, width: 1, data };
        const wide = {
          ...planes,
          height: Math.floor(24 / width),
          width,
          data: data.slice(0, 24 - (24 % width)),
        };
        const cut = at % wide.height;
        const parts = cut === 0 ? [wide] : [sliceRows(wide, 0, cut), sliceRows(wide, cut, wide.height)];
        expect(concatRows(parts)).toEqual(wide);
      }),
    );
  });

  it('have zeros outside of the planes', () => {
    const planes = { channels: 2, height: 2, width: 1, data: Float32Array.of(1, 2, 3, 4) };
    expect([...sliceRows(planes, -1, 3).data]).toEqual([0, 1, 2, 0, 0, 3, 4, 0]);
  });

  it('have the moments of a group norm over the whole, also far from zero', () => {
    fc.assert(
      fc.property(
        numbers(4 * 6 * 3),
        fc.constantFrom(0, 1000),
        fc.integer({ min: 1, max: 5 }),
        (data, far, cut) => {
          const planes = { channels: 4, height: 6, width: 3, data: data.map((value) => value + far) };
          const { strips } = splitIntoStrips(planes, [cut, 6 - cut]);
          const moments = strips.map((strip) => strip.moments as RowMoments);
          const { mean, inverse } = normMoments(moments, 4, 2, 1e-6);
          for (const channel of [0, 1, 2, 3]) {
            const start = 36 * Math.floor(channel / 2);
            const group = [...planes.data.subarray(start, start + 36)];
            const average = group.reduce((a, b) => a + b, 0) / 36;
            const variance = group.reduce((sum, value) => sum + (value - average) ** 2, 0) / 36;
            expect(Math.abs(mean[channel] - average)).toBeLessThan(1e-6 * (1 + far));
            expect(Math.abs(inverse[channel] * Math.sqrt(variance + 1e-6) - 1)).toBeLessThan(1e-3);
          }
        },
      ),
    );
  });
});
