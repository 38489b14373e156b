/** Arithmetic on token streams that stay on the device, for accelerations. These graphs have no weights. */

import { defineGraph, floats, list } from '../../onnx/define-graph.ts';
import { add, div, mul, sub } from '../../onnx/ops/arithmetic.ts';

/** `out` = `a + b` for streams `[rows, D]`. */
export const sumGraph = defineGraph({
  name: () => 'stream.sum',
  inputs: pairInputs,
  outputs: { out: 'resident' },
  build: (g, { a, b }) => ({ out: add(g, a, b) }),
});

/** `out` = `a - b` for streams `[rows, D]`. */
export const differenceGraph = defineGraph({
  name: () => 'stream.difference',
  inputs: pairInputs,
  outputs: { out: 'resident' },
  build: (g, { a, b }) => ({ out: sub(g, a, b) }),
});

/** `values` `[rows, columns]` stay on the device, for later runs. */
export const uploadGraph = defineGraph({
  name: () => 'stream.upload',
  inputs: () => ({ values: floats('rows', 'columns') }),
  outputs: { resident: 'resident' },
  build: (_, { values }) => ({ resident: values }),
});

function pairInputs({ width }: { width: number }) {
  return { a: floats('rows', width), b: floats('rows', width) };
}

interface TaylorParts {
  readonly width: number;
  /** Number of factors `[rows, D]`. */
  readonly count: number;
}

/**
 * The differences of a newly computed `value`, one for each of the `previous` factors. Each is the difference
 * of the order below divided by `gap` `[1]`, the number of steps since the previous factors.
 * Source: OmniGen2 `taylorseer_utils/__init__.py`, derivative_approximation
 */
export const taylorDifferencesGraph = defineGraph({
  name: ({ count }) => `stream.taylor.differences.${count}`,
  inputs: ({ width, count }: TaylorParts) => ({
    value: floats('rows', width),
    previous: list(count, () => floats('rows', width)),
    gap: floats(1),
  }),
  outputs: { differences: 'resident list' },
  build: (g, { value, previous, gap }) => {
    let factor = value;
    const differences = previous.map((before) => {
      factor = div(g, sub(g, factor, before), gap);
      return factor;
    });
    return { differences };
  },
});

/**
 * `out` `[rows, D]`, the sum of `factors` times `weights` `[1]`: the value of a Taylor expansion.
 * Source: OmniGen2 `taylorseer_utils/__init__.py`, taylor_formula
 */
export const weightedSumGraph = defineGraph({
  name: ({ count }) => `stream.taylor.sum.${count}`,
  inputs: ({ width, count }: TaylorParts) => ({
    factors: list(count, () => floats('rows', width)),
    weights: list(count, () => floats(1)),
  }),
  outputs: { out: 'resident' },
  build: (g, { factors, weights }) => ({
    out: factors.map((factor, i) => mul(g, factor, weights[i])).reduce((total, term) => add(g, total, term)),
  }),
});
