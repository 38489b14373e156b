import { describe, expect, it } from 'vitest';
import type { StoredTensor } from '../../tensors/stored.ts';
import { CPU_NUMERICS } from '../graphs/numerics.ts';
import { layerRanges, packsBranches } from './layer-ranges.ts';

/** Weights with one float16 tensor of each size for each layer. */
function weightsOf(layerBytes: readonly number[]) {
  const tensors = new Map<string, StoredTensor>();
  for (const [i, sizeBytes] of layerBytes.entries()) {
    const name = `layers.${i}.attn.to_q.weight`;
    tensors.set(name, { name, file: 'a', dtype: 'F16', shape: [sizeBytes / 2], offset: 0, sizeBytes });
  }
  return { names: [...tensors.keys()], get: (name: string) => tensors.get(name) };
}

describe('layerRanges', () => {
  it('splits layers evenly over the fewest sessions', () => {
    const weights = weightsOf([60, 60, 60]);
    expect(layerRanges(weights, 'layers.', 3)).toEqual([{ from: 0, to: 3 }]);
    expect(layerRanges(weights, 'layers.', 3, 180)).toEqual([{ from: 0, to: 3 }]);
    expect(layerRanges(weights, 'layers.', 3, 179)).toHaveLength(2);
    expect(layerRanges(weights, 'layers.', 3, 1)).toHaveLength(3);
  });

  it('orders layers by number', () => {
    const ranges = layerRanges(weightsOf(Array.from({ length: 12 }, () => 60)), 'layers.', 12, 240);
    expect(ranges).toEqual([0, 4, 8].map((from) => ({ from, to: from + 4 })));
  });

  it('has room for the largest layer', () => {
    const ranges = layerRanges(weightsOf([4, 4, 40, 4]), 'layers.', 4, 40);
    const sizes = ranges.map(({ from, to }) => [4, 4, 40, 4].slice(from, to).reduce((a, b) => a + b));
    expect(Math.max(...sizes)).toBe(40);
  });
});

describe('packsBranches', () => {
  it('is for models whose layers fit 128 MiB in the form in which a session holds them', () => {
    const holding = (values: number) => ({ weights: weightsOf([2 * values]) });
    expect(packsBranches(holding(2 ** 25), CPU_NUMERICS)).toBe(true);
    expect(packsBranches(holding(2 ** 25 + 1), CPU_NUMERICS)).toBe(false);
    expect(packsBranches(holding(2 ** 26), { ...CPU_NUMERICS, compute: 'float16' })).toBe(true);
  });
});
