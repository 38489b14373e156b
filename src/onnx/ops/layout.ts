/** Operators that move elements: reshape, transpose, concatenate, split, slice, gather, expand. */

import type { Dim, GraphBuilder, Shape, Value } from '../graph.ts';
import { div, mul, sub } from './arithmetic.ts';
import { axisOf, fail, sameType, show, sumDims } from './checks.ts';

/** Reshapes to `shape`. At most one named dimension may differ from that of `x` at the same axis. */
export function reshape(g: GraphBuilder, x: Value, shape: Shape): Value {
  const known = (dims: Shape) => dims.every((dim) => typeof dim === 'number');
  const product = (dims: Shape) => dims.reduce<number>((a, dim) => a * (dim as number), 1);
  if (known(x.shape) && known(shape) && product(x.shape) !== product(shape)) {
    fail('Reshape', `${show(x)} to [${shape.join(', ')}]`);
  }
  let inferred = false;
  const target = shape.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    if (x.shape[i] === dim) return 0;
    if (inferred) fail('Reshape', `${show(x)} to [${shape.join(', ')}] leaves two dimensions open`);
    inferred = true;
    return -1;
  });
  return g.node('Reshape', [x, g.constant('int64', [target.length], target)], x.type, shape);
}

/**
 * Reshapes to a `shape` with several named dimensions.
 * @param sizes int64 `[rank]`: the dimensions when the graph runs. It is a graph input, because WebGPU graphs
 * with convolutions do not stay on the GPU if they compute it with the operator Shape.
 */
export function reshapeTo(g: GraphBuilder, x: Value, sizes: Value, shape: Shape): Value {
  if (sizes.shape[0] !== shape.length)
    fail('Reshape', `${show(x)} to [${shape.join(', ')}] by ${show(sizes)}`);
  return g.node('Reshape', [x, sizes], x.type, shape);
}

/** Reorders the axes of `x`: axis `i` of the result is axis `perm[i]` of `x`. */
export function transpose(g: GraphBuilder, x: Value, perm: readonly number[]): Value {
  if (perm.length !== x.shape.length || new Set(perm).size !== perm.length)
    fail('Transpose', `${show(x)} by ${perm}`);
  return g.node(
    'Transpose',
    [x],
    x.type,
    perm.map((axis) => x.shape[axisOf('Transpose', x, axis)]),
    { perm },
  );
}

/** Concatenates along `axis`. All other dimensions must be equal. */
export function concat(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0];
  sameType('Concat', ...values);
  const at = axisOf('Concat', values[0], axis);
  for (const value of values) {
    const fits =
      value.shape.length === values[0].shape.length &&
      value.shape.every((dim, i) => i === at || dim === values[0].shape[i]);
    if (!fits) fail('Concat', `${values.map(show).join(', ')} along ${axis}`);
  }
  const shape = values[0].shape.map((dim, i) =>
    i === at ? sumDims(values.map((value) => value.shape[i])) : dim,
  );
  return g.node('Concat', values, values[0].type, shape, { axis: at });
}

/** Splits `x` along an axis of fixed size into pieces of the given sizes. */
export function split(g: GraphBuilder, x: Value, axis: number, sizes: readonly number[]): Value[] {
  const at = axisOf('Split', x, axis);
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[at]) fail('Split', `${show(x)} into ${sizes}`);
  return pieces(g, x, at, g.constant('int64', [sizes.length], sizes), sizes);
}

/**
 * Splits `x` along an axis into pieces whose sizes are known when the graph runs.
 * @param sizes int64 `[pieces]`
 * @param dims the names of the sizes; their sum is the dimension that is split
 */
export function splitRows(
  g: GraphBuilder,
  x: Value,
  axis: number,
  sizes: Value,
  dims: readonly Dim[],
): Value[] {
  const at = axisOf('Split', x, axis);
  if (sizes.shape[0] !== dims.length || sumDims(dims) !== x.shape[at])
    fail('Split', `${show(x)} into ${dims.join(', ')} by ${show(sizes)}`);
  return pieces(g, x, at, sizes, dims);
}

/**
 * Splits `x` along an axis of any size into `count` pieces whose sizes differ by at most 1. Pieces may be
 * empty. The graph computes the sizes with the operator Shape; see {@link reshapeTo} for its cost.
 * @returns the pieces, each with its own name for the size
 */
export function splitEvenly(g: GraphBuilder, x: Value, axis: number, count: number): Value[] {
  if (count === 1) return [x];
  const at = axisOf('Split', x, axis);
  const size = g.node('Shape', [x], 'int64', [1], { start: at, end: at + 1 });
  const whole = g.constant('int64', [1], [count]);
  const numbers = Array.from({ length: count }, (_, piece) => piece);
  const edges = (of: readonly number[]) => div(g, mul(g, size, g.constant('int64', [count], of)), whole);
  const sizes = sub(g, edges(numbers.map((piece) => piece + 1)), edges(numbers));
  const dims = numbers.map((piece) => `${x.shape[at]} part ${piece}`);
  return pieces(g, x, at, sizes, dims);
}

function pieces(g: GraphBuilder, x: Value, axis: number, sizes: Value, dims: readonly Dim[]): Value[] {
  return g.nodes(
    'Split',
    [x, sizes],
    dims.map((dim) => ({ type: x.type, shape: x.shape.map((each, i) => (i === axis ? dim : each)) })),
    { axis },
  );
}

/** `x[start:end]` along one axis. `end` may be Infinity. `size` names the new size if it is not fixed. */
export function slice(
  g: GraphBuilder,
  x: Value,
  axis: number,
  start: number,
  end: number,
  size?: Dim,
): Value {
  const at = axisOf('Slice', x, axis);
  const length = x.shape[at];
  const place = (i: number) => Math.min(i < 0 ? i + (length as number) : i, length as number);
  const dim =
    size ??
    (typeof length === 'number' ? place(end) - place(start) : fail('Slice', `name the size of ${show(x)}`));
  const one = (value: number) => g.constant('int64', [1], [value]);
  return g.node(
    'Slice',
    [x, one(start), one(Math.min(end, Number.MAX_SAFE_INTEGER)), one(at)],
    x.type,
    x.shape.map((d, i) => (i === at ? dim : d)),
  );
}

/** Appends `count` zeros along `axis`. */
export function pad(g: GraphBuilder, x: Value, axis: number, count: number): Value {
  const at = axisOf('Pad', x, axis);
  const sizes = Array<number>(2 * x.shape.length).fill(0);
  sizes[x.shape.length + at] = count;
  const shape = x.shape.map((dim, i) => (i === at ? sumDims([dim, count]) : dim));
  return g.node('Pad', [x, g.constant('int64', [sizes.length], sizes)], x.type, shape);
}

/** Rows `indices` (int32 or int64, any shape) of `x` along `axis`. */
export function gather(g: GraphBuilder, x: Value, indices: Value, axis: number): Value {
  const at = axisOf('Gather', x, axis);
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
  return g.node('Gather', [x, indices], x.type, shape, { axis: at });
}

/** Repeats `x` along its axes of size 1 up to `shape`. All other dimensions must be equal. */
export function expand(g: GraphBuilder, x: Value, shape: Shape): Value {
  if (shape.length !== x.shape.length) fail('Expand', `${show(x)} to [${shape.join(', ')}]`);
  const target = shape.map((dim, i) => {
    if (x.shape[i] === dim) return 1;
    if (x.shape[i] === 1 && typeof dim === 'number') return dim;
    return fail('Expand', `${show(x)} to [${shape.join(', ')}]`);
  });
  return g.node('Expand', [x, g.constant('int64', [target.length], target)], x.type, shape);
}
