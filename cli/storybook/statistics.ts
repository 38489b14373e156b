/** Shares and means with their 95% confidence intervals. */

/** 95% of a normal distribution lie within this many standard deviations. */
const Z95 = 1.959964;

/** `right` of `n`, with its 95% interval. Values are from 0 to 1. */
export interface Share {
  readonly type: 'share';
  readonly right: number;
  readonly n: number;
  /** Undefined if `n` is 0. */
  readonly value: number | undefined;
  readonly low: number;
  readonly high: number;
}

/** A mean of `n` values, with its 95% interval. `low` and `high` are undefined below two values. */
export interface Mean {
  readonly type: 'mean';
  readonly n: number;
  readonly value: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/**
 * Wilson's 95% interval of a share. It is valid for few cases and near 0 and 1 too. For `n` = 0 it is 0 to
 * 1.
 * Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927
 */
export function wilson(right: number, n: number): readonly [low: number, high: number] {
  if (n === 0) return [0, 1];
  const p = right / n;
  const z2 = Z95 ** 2;
  const middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  // Makes the ends exact, where the formula gives 0 and 1 up to rounding.
  return [right === 0 ? 0 : middle - half, right === n ? 1 : middle + half];
}

export function shareOf(outcomes: readonly boolean[]): Share {
  const right = outcomes.filter((outcome) => outcome).length;
  const n = outcomes.length;
  const [low, high] = wilson(right, n);
  return { type: 'share', right, n, value: n === 0 ? undefined : right / n, low, high };
}

/** The mean, with the interval of a normal distribution that has the values' variance. */
export function meanOf(values: readonly number[]): Mean {
  const n = values.length;
  if (n === 0) return { type: 'mean', n, value: undefined, low: undefined, high: undefined };
  const value = values.reduce((sum, x) => sum + x, 0) / n;
  if (n === 1) return { type: 'mean', n, value, low: undefined, high: undefined };
  const variance = values.reduce((sum, x) => sum + (x - value) ** 2, 0) / (n - 1);
  const half = Z95 * Math.sqrt(variance / n);
  return { type: 'mean', n, value, low: value - half, high: value + half };
}
