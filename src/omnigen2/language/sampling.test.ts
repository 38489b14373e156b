import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { greedySampler, type SamplerOptions, type TokenSampler, topPSampler } from './sampling.ts';

const NONE = new Set<number>();
const logits = Float32Array.of(1, 4, 4.1, -1);
const idOf = (sampler: TokenSampler, values: Float32Array, seen: Iterable<number> = []) =>
  sampler(values, new Set(seen)).id;

function sampling(changes: Partial<SamplerOptions> = {}): SamplerOptions {
  return { temperature: 1, topP: 1, seed: 7, repetitionPenalty: 1, ...changes };
}

/** How often each id is sampled. */
function counts(
  changes: Partial<SamplerOptions>,
  values: Float32Array,
  draws: number,
  seen = NONE,
): number[] {
  const sampler = topPSampler(sampling(changes));
  const drawn = Array<number>(values.length).fill(0);
  for (let i = 0; i < draws; i++) drawn[sampler(values, seen).id]++;
  return drawn;
}

function softmax(values: ArrayLike<number>): number[] {
  const weights = Array.from(values, Math.exp);
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

/**
 * The chi-square statistic of `k` bins: about k - 1 if the samples have these probabilities, far more if not.
 */
function chiSquare(drawn: readonly number[], shares: readonly number[]): number {
  const total = drawn.reduce((a, b) => a + b);
  return drawn.reduce((sum, n, i) => sum + (n - shares[i] * total) ** 2 / (shares[i] * total), 0);
}

test('greedy decoding takes the largest logit, the first of equal ones', () => {
  expect(idOf(greedySampler(1), logits, [2])).toBe(2);
  expect(idOf(greedySampler(1), Float32Array.of(3, 5, 5))).toBe(1);
});

test('the penalty makes tokens that occurred before less likely', () => {
  expect(idOf(greedySampler(1.05), logits, [2])).toBe(1);
  expect(idOf(greedySampler(1.05), logits, [1, 2])).toBe(2);
});

test('the penalty multiplies negative logits', () => {
  expect(idOf(greedySampler(1.05), Float32Array.of(-1, -1.02), [0])).toBe(1);
  expect(idOf(greedySampler(1.05), Float32Array.of(-1, -1.06), [0])).toBe(0);
});

test('a logit of minus infinity is never sampled', () => {
  const never = Number.NEGATIVE_INFINITY;
  const only = Float32Array.of(never, -50, never);
  expect(greedySampler(1.05)(only, new Set([0, 1, 2]))).toEqual({ id: 1, probability: 1 });
  expect(counts({ temperature: 5 }, only, 50)).toEqual([0, 50, 0]);
});

test('greedy decoding returns the probability under the penalized logits', () => {
  expect(greedySampler(1)(logits, NONE).probability).toBeCloseTo(softmax(logits)[2], 12);
  const penalized = [1, 4, Math.fround(4.1) / Math.fround(1.05), -1];
  expect(greedySampler(1.05)(logits, new Set([2])).probability).toBeCloseTo(softmax(penalized)[1], 6);
});

test('temperature 0 is greedy decoding, as is the temperature of the released configuration', () => {
  expect(topPSampler(sampling({ temperature: 0 }))(logits, NONE)).toEqual(greedySampler(1)(logits, NONE));
  expect(counts({ temperature: 1e-6 }, logits, 200)).toEqual([0, 0, 200, 0]);
  expect(counts({ temperature: 1e-300 }, logits, 20)).toEqual([0, 0, 20, 0]);
});

test.each([1, 2, 3])('samples have the probabilities of the logits (seed %i)', (seed) => {
  const values = Float32Array.of(0, 1, 2, -1, 0.5, 1.5);
  const drawn = counts({ seed }, values, 20_000);
  // One correct series in 10,000 exceeds 26.
  expect(chiSquare(drawn, softmax(values))).toBeLessThan(26);
  expect(chiSquare(drawn, softmax(values.map((x) => x * 1.1)))).toBeGreaterThan(26);
});

test('the temperature divides the logits', () => {
  const values = Float32Array.of(0, 1, 2, -1, 0.5, 1.5);
  const drawn = counts({ temperature: 2 }, values, 20_000);
  expect(chiSquare(drawn, softmax(values.map((x) => x / 2)))).toBeLessThan(26);
});

test('the penalty comes before the temperature', () => {
  const values = Float32Array.of(2, -2, 1);
  const drawn = counts({ repetitionPenalty: 2, temperature: 4 }, values, 20_000, new Set([0, 1]));
  expect(chiSquare(drawn, softmax([0.25, -1, 0.25]))).toBeLessThan(19);
});

/** Logits of the probabilities 0.5, 0.3, 0.15, 0.05 in another order. */
const SHARES = Float32Array.from([0.15, 0.5, 0.05, 0.3], Math.log);

test.each<[topP: number, allowed: readonly number[]]>([
  [1, [0, 1, 2, 3]],
  [0.96, [0, 1, 2, 3]],
  [0.94, [0, 1, 3]],
  [0.81, [0, 1, 3]],
  [0.79, [1, 3]],
  [0.51, [1, 3]],
  [0.49, [1]],
  [0, [1]],
])('top-p %f keeps the fewest most likely tokens that reach it', (topP, allowed) => {
  const drawn = counts({ topP }, SHARES, 4000);
  expect(drawn.flatMap((n, id) => (n > 0 ? [id] : []))).toEqual(allowed);
  const probabilities = softmax(SHARES);
  const mass = allowed.reduce((sum, id) => sum + probabilities[id], 0);
  const renormalized = probabilities.map((p, id) => (allowed.includes(id) ? p / mass : 0));
  const bins = allowed.map((id) => drawn[id]);
  if (allowed.length > 1)
    expect(
      chiSquare(
        bins,
        allowed.map((id) => renormalized[id]),
      ),
    ).toBeLessThan(22);
  const { id, probability } = topPSampler(sampling({ topP }))(SHARES, NONE);
  expect(probability).toBeCloseTo(renormalized[id], 6);
});

test('top-p keeps the first of equally likely tokens', () => {
  const drawn = counts({ topP: 0.26 }, new Float32Array(10), 500);
  expect(drawn.map((n) => n > 0)).toEqual(Array.from({ length: 10 }, (_, id) => id < 3));
});

test('top-p includes the flat tail of a large vocabulary', () => {
  const values = new Float32Array(5000);
  values[123] = 7.7;
  // One token has a probability of 0.31. A top-p of 0.9 needs the tail, which is below the first thresholds.
  const sampler = topPSampler(sampling({ topP: 0.9 }));
  const drawn = Array.from({ length: 300 }, () => sampler(values, NONE).id);
  const one = drawn.filter((id) => id === 123).length / 300;
  expect(one).toBeGreaterThan(0.2);
  expect(one).toBeLessThan(0.5);
  expect(Math.max(...drawn)).toBeLessThan(4500);
});

test('the probabilities of the tokens that can be sampled sum to 1', () => {
  for (const topP of [0, 0.5, 0.9, 1]) {
    const sampler = topPSampler(sampling({ topP, temperature: 0.8 }));
    const seen = new Map<number, number>();
    for (let i = 0; i < 2000; i++) {
      const { id, probability } = sampler(SHARES, NONE);
      seen.set(id, probability);
    }
    expect([...seen.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  }
});

test('the distribution equals the one of the official logits processors', async () => {
  const { distribution } = JSON.parse(await readFile('fixtures/conversation.json', 'utf8'));
  const { repetitionPenalty, temperature, topP, seen, probabilities } = distribution;
  const sampler = topPSampler({ repetitionPenalty, temperature, topP, seed: 1 });
  const values = Float32Array.from(distribution.logits);
  const drawn = new Map<number, number>();
  for (let i = 0; i < 4000; i++) {
    const { id, probability } = sampler(values, new Set(seen));
    drawn.set(id, probability);
  }
  const want = Object.entries<number>(probabilities);
  expect(drawn.size).toBe(want.length);
  for (const [id, probability] of want) expect(drawn.get(Number(id))).toBeCloseTo(probability, 6);
});

test('a seed and turn determine the tokens on every machine', () => {
  const series = (seed: number, turn: number) => {
    const sampler = topPSampler(sampling({ seed, topP: 0.95 }), turn);
    return Array.from({ length: 24 }, () => sampler(SHARES, NONE).id).join('');
  };
  // Recorded on one machine.
  expect(series(7, 0)).toBe('011313111133311130133011');
  expect(series(7, 0)).toBe(series(7, 0));
  expect(new Set([series(7, 0), series(8, 0), series(7, 1)]).size).toBe(3);
});

test.each<[Partial<SamplerOptions>, RegExp]>([
  [{ temperature: -0.1 }, /^The temperature -0\.1 is not a number from 0 to 100\.$/],
  [{ temperature: Number.NaN }, /^The temperature NaN/],
  [{ temperature: Number.POSITIVE_INFINITY }, /^The temperature Infinity/],
  [{ topP: 1.01 }, /^The top-p 1\.01 is not a number from 0 to 1\.$/],
  [{ topP: -1 }, /^The top-p -1/],
  [{ topP: Number.NaN }, /^The top-p NaN/],
  [{ repetitionPenalty: 0 }, /^The repetition penalty 0/],
  [{ seed: 0.5 }, /^The seed 0\.5/],
  [{ seed: 2 ** 32 }, /^The seed 4294967296/],
])('rejects %o', (changes, message) => {
  let thrown: unknown;
  try {
    topPSampler(sampling(changes));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    name: 'OmniError',
    code: 'bad_request',
    message: expect.stringMatching(message),
  });
});
