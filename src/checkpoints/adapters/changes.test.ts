import { describe, expect, it } from 'vitest';
import { refusal } from '../fixture.node.ts';
import { addChange, changesOf, checkAdapterStrengths, joinedChange, rankOf } from './changes.ts';
import type { Lora, LoraPair } from './lora.ts';

/** A pair for a matrix `[rows, columns]`, with values from -1 to 1 in a repeating pattern. */
function pairOf(rows: number, columns: number, rank: number, scale = 1): LoraPair {
  const value = (i: number, step: number) => ((i * step) % 17) / 8 - 1;
  return {
    down: Float32Array.from({ length: rank * columns }, (_, i) => value(i, 5)),
    up: Float32Array.from({ length: rows * rank }, (_, i) => value(i, 7)),
    rank,
    scale,
  };
}
const loraOf = (file: string, pair: LoraPair): Lora => ({ file, pairs: new Map([['a.weight', pair]]) });

/** One value of the change, computed directly. */
function product({ down, up, rank, scale }: LoraPair, row: number, column: number): number {
  const columns = down.length / rank;
  let sum = 0;
  for (let r = 0; r < rank; r++) sum += up[row * rank + r] * down[r * columns + column];
  return scale * sum;
}

describe('addChange', () => {
  it('adds scale * up * down', () => {
    const weight = Float32Array.of(1, 2, 3, 4, 5, 6);
    const pair = {
      down: Float32Array.of(1, 0, 2, 0, 1, -1),
      up: Float32Array.of(1, 2, 3, 4),
      rank: 2,
      scale: 0.5,
    };
    addChange(weight, [pair]);
    // up [2, 2] * down [2, 3] = [[1, 2, 0], [3, 4, 2]]
    expect([...weight]).toEqual([1.5, 3, 3, 5.5, 7, 7]);
  });

  it.each([1, 3, 4, 5, 8, 31])(
    'sums several pairs, one of rank %d, for the whole matrix and in bands of rows',
    (rank) => {
      const change = [pairOf(6, 10, rank, 0.25), pairOf(6, 10, 2, -3)];
      const whole = new Float32Array(60).fill(1);
      addChange(whole, change);
      const want = Float32Array.from({ length: 60 }, (_, i) =>
        change.reduce((sum, pair) => sum + product(pair, Math.floor(i / 10), i % 10), 1),
      );
      for (const [i, value] of want.entries()) expect(whole[i]).toBeCloseTo(value, 4);
      const banded = new Float32Array(60).fill(1);
      addChange(banded.subarray(0, 20), change, 0);
      addChange(banded.subarray(20, 60), change, 2);
      expect(banded).toEqual(whole);
    },
  );

  it('does not depend on the order of the pairs, up to rounding', () => {
    const [a, b] = [pairOf(6, 10, 5, 0.3), pairOf(6, 10, 3, -0.7)];
    const [ab, ba] = [new Float32Array(60), new Float32Array(60)];
    addChange(ab, [a, b]);
    addChange(ba, [b, a]);
    const largest = Math.max(...ab.map(Math.abs));
    expect(largest).toBeGreaterThan(1);
    expect(Math.max(...ab.map((value, i) => Math.abs(value - ba[i])))).toBeLessThan(1e-6 * largest);
  });
});

describe('changesOf', () => {
  const adapter = (file: string, strength: number) => ({
    lora: loraOf(file, pairOf(6, 10, 4, 0.5)),
    strength,
  });

  it('multiplies scales by strengths and leaves out adapters of strength 0', () => {
    const changes = changesOf([adapter('one', 2), adapter('none', 0), adapter('two', -1)]);
    expect(changes.get('a.weight')?.map(({ scale }) => scale)).toEqual([1, -0.5]);
    expect(changesOf([adapter('none', 0)]).size).toBe(0);
  });

  it('rejects changes that are out of range for a weight', async () => {
    const lora = loraOf('a.safetensors', pairOf(6, 10, 4, 1e5));
    const error = await refusal(() => changesOf([{ lora, strength: 2 }]));
    expect(error.code).toBe('bad_checkpoint');
    expect(error.message).toMatch(
      /^a\.safetensors at strength 2 would change a\.weight by up to \S+, which is out of range/,
    );
    const infinite = loraOf('b', pairOf(6, 10, 4, Number.MAX_VALUE));
    expect((await refusal(() => changesOf([{ lora: infinite, strength: 100 }]))).code).toBe('bad_checkpoint');
  });

  it('makes the same change with strength 0.5 twice as with strength 1', () => {
    const sum = (changes: ReturnType<typeof changesOf>) => {
      const weight = new Float32Array(60);
      addChange(weight, changes.get('a.weight') ?? []);
      return weight;
    };
    expect(sum(changesOf([adapter('a', 0.5), adapter('b', 0.5)]))).toEqual(sum(changesOf([adapter('a', 1)])));
  });
});

it('joins the pairs of a change into one product', () => {
  const change = [pairOf(6, 10, 3, 0.5), pairOf(6, 10, 2, -2)];
  const { down, up } = joinedChange(change);
  expect([rankOf(change), down.length, up.length]).toEqual([5, 50, 30]);
  const want = new Float32Array(60);
  addChange(want, change);
  const got = new Float32Array(60);
  addChange(got, [{ down, up, rank: 5, scale: 1 }]);
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 5);
});

describe('checkAdapterStrengths', () => {
  it('accepts positive and negative strengths and 0', () => {
    checkAdapterStrengths([
      { name: 'a', strength: -1 },
      { name: 'b', strength: 0 },
      { name: 'c', strength: 100 },
    ]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 101, -1e9])('rejects the strength %d', async (strength) => {
    const { code, message } = await refusal(() =>
      checkAdapterStrengths([{ name: 'a.safetensors', strength }]),
    );
    expect(code).toBe('bad_request');
    expect(message).toMatch(/^The strength of a\.safetensors is /);
  });

  it('rejects an adapter that is given twice', async () => {
    const twice = [
      { name: 'a', strength: 1 },
      { name: 'b', strength: 1 },
      { name: 'a', strength: 2 },
    ];
    expect((await refusal(() => checkAdapterStrengths(twice))).message).toBe('The adapter a is given twice.');
  });
});
