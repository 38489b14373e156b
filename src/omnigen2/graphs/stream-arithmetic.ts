/** Sums of token streams that stay on the device: what skipping layers needs beside the transformer itself. */

import { type BuiltGraph, GraphBuilder, type Value } from '../../onnx/graph.ts';
import { add, div, mul, sub } from '../../onnx/ops/arithmetic.ts';

/** Inputs: `a`, `b` `[rows, D]`. Output, resident: `out` = `a + b` or `a - b`. */
export function pairGraph(width: number, what: 'sum' | 'difference'): BuiltGraph {
  const g = new GraphBuilder(`stream.${what}`);
  const [a, b] = [stream(g, 'a', width), stream(g, 'b', width)];
  g.output('out', what === 'sum' ? add(g, a, b) : sub(g, a, b), { resident: true });
  return g.finish();
}

/**
 * The factors of a Taylor expansion, from the newest value and the factors before it, of `orders` orders.
 * Inputs: `factor_0` `[rows, D]` (the newest value), `previous_0` … `[rows, D]`, `gap` `[1]` (steps since the previous
 * ones). Outputs, resident: `factor_1` … `[rows, D]`, each the difference of the order below divided by the gap.
 * Source: OmniGen2 `taylorseer_utils/__init__.py`, derivative_approximation
 */
export function taylorFactorsGraph(width: number, orders: number): BuiltGraph {
  const g = new GraphBuilder(`stream.taylor.factors.${orders}`);
  let factor = stream(g, 'factor_0', width);
  const gap = g.input('gap', 'float32', [1]);
  for (let order = 1; order <= orders; order++) {
    factor = div(g, sub(g, factor, stream(g, `previous_${order - 1}`, width)), gap);
    g.output(`factor_${order}`, factor, { resident: true });
  }
  return g.finish();
}

/**
 * The value of a Taylor expansion with `count` factors.
 * Inputs: `factor_0` … `[rows, D]`, `weight_0` … `[1]`. Output, resident: `out` `[rows, D]`, the sum of factors times weights.
 * Source: OmniGen2 `taylorseer_utils/__init__.py`, taylor_formula
 */
export function taylorSumGraph(width: number, count: number): BuiltGraph {
  const g = new GraphBuilder(`stream.taylor.sum.${count}`);
  const terms = Array.from({ length: count }, (_, i) =>
    mul(g, stream(g, `factor_${i}`, width), g.input(`weight_${i}`, 'float32', [1])),
  );
  g.output(
    'out',
    terms.reduce((sum, term) => add(g, sum, term)),
    { resident: true },
  );
  return g.finish();
}

function stream(g: GraphBuilder, name: string, width: number): Value {
  return g.input(name, 'float32', ['rows', width]);
}
