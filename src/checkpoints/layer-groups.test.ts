import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupLayers, LAYER_GROUP_BYTES } from './layer-groups.ts';

fc.configureGlobal({ seed: 2506 });

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sizes = (layerBytes: readonly number[], maxBytes?: number) =>
  groupLayers(layerBytes, maxBytes).map(({ from, to }) => to - from);

describe('groupLayers', () => {
  it('puts 4 layers of the official transformer in 4 bits into a group', () => {
    expect(sizes(new Array(32).fill(59.2e6))).toEqual(new Array(8).fill(4));
  });

  it('divides layers that do not divide evenly into groups that differ by one layer', () => {
    expect(new Set(sizes(new Array(36).fill(43.5e6)))).toEqual(new Set([4, 5]));
    expect(sizes(new Array(36).fill(43.5e6))).toHaveLength(8);
  });

  it('keeps a small model in one group, and a layer above the maximum alone', () => {
    expect(sizes([1, 2, 3])).toEqual([3]);
    expect(sizes([300, 10, 10], 100)).toEqual([1, 2]);
    expect(sizes([])).toEqual([]);
  });

  it('covers all layers in order, and stays within the maximum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 2000 }),
        (layerBytes, maxBytes) => {
          const ranges = groupLayers(layerBytes, maxBytes);
          expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to)]);
          expect(ranges[ranges.length - 1].to).toBe(layerBytes.length);
          for (const { from, to } of ranges) {
            expect(to).toBeGreaterThan(from);
            if (to - from > 1) expect(sum(layerBytes.slice(from, to))).toBeLessThanOrEqual(maxBytes);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('uses the default maximum of one file', () => {
    expect(sizes([LAYER_GROUP_BYTES / 2, LAYER_GROUP_BYTES / 2])).toEqual([2]);
    expect(sizes([LAYER_GROUP_BYTES / 2, LAYER_GROUP_BYTES / 2 + 1])).toEqual([1, 1]);
  });
});
