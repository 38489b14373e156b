/**
 * Typed operators on a graph under construction. Each one checks shapes and gives the output's.
 * Dimensions may be names: two named dimensions agree if their names are equal.
 */

import { type Dim, float, type GraphBuilder, GraphError, type Shape, type Value } from './graph.ts';

/** Fused operators of onnxruntime live in this domain. */
const MICROSOFT = { domain: 'com.microsoft' } as const;

function fail(op: string, reason: string): never {
  throw new GraphError(`${op}: ${reason}`);
}

function show(value: Value): string {
  return `${value.name} ${value.type}[${value.shape.join(', ')}]`;
}

function sameType(op: string, ...values: readonly Value[]): void {
  if (values.some(({ type }) => type !== values[0].type))
    fail(op, `types differ: ${values.map(show).join(', ')}`);
}

function axisOf(op: string, value: Value, axis: number): number {
  const positive = axis < 0 ? axis + value.shape.length : axis;
  if (positive < 0 || positive >= value.shape.length) fail(op, `axis ${axis} of ${show(value)}`);
  return positive;
}

/** The fixed size of a dimension. @throws GraphError if it is only a name. */
export function fixed(value: Value, axis: number): number {
  const dim = value.shape[axisOf('fixed', value, axis)];
  return typeof dim === 'number'
    ? dim
    : fail('fixed', `dimension ${axis} of ${show(value)} must be a number`);
}

function broadcast(op: string, a: Value, b: Value): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a.shape[i - rank + a.shape.length] ?? 1;
    const y = b.shape[i - rank + b.shape.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    return fail(op, `${show(a)} and ${show(b)} do not broadcast`);
  });
}

function binary(op: string) {
  return (g: GraphBuilder, a: Value, b: Value): Value => {
    sameType(op, a, b);
    return g.node(op, [a, b], a.type, broadcast(op, a, b));
  };
}

export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const div = binary('Div');

function unary(op: string) {
  return (g: GraphBuilder, x: Value): Value => g.node(op, [x], x.type, x.shape);
}

export const tanh = unary('Tanh');
export const sigmoid = unary('Sigmoid');
export const sqrt = unary('Sqrt');
export const exp = unary('Exp');
export const sin = unary('Sin');
export const cos = unary('Cos');
export const relu = unary('Relu');
export const abs = unary('Abs');

/** `x * sigmoid(x)`. */
export function silu(g: GraphBuilder, x: Value): Value {
  return mul(g, x, sigmoid(g, x));
}

/** `x * Phi(x)` with the exact normal distribution function. */
export function gelu(g: GraphBuilder, x: Value): Value {
  return g.node('Gelu', [x], x.type, x.shape, {}, MICROSOFT);
}

/** A float32 scalar. */
export function scalar(g: GraphBuilder, value: number): Value {
  return g.constant('float32', [], [value]);
}

/** `x + value`, element by element. */
export function addScalar(g: GraphBuilder, x: Value, value: number): Value {
  return add(g, x, scalar(g, value));
}

/** `x * value`, element by element. */
export function scale(g: GraphBuilder, x: Value, value: number): Value {
  return mul(g, x, scalar(g, value));
}

export function castTo(g: GraphBuilder, x: Value, type: 'float32' | 'float16'): Value {
  return x.type === type ? x : g.node('Cast', [x], type, x.shape, { to: type === 'float32' ? 1 : 10 });
}

/** `a [.., M, K] @ b [.., K, N]`, batch dimensions broadcast. */
export function matmul(g: GraphBuilder, a: Value, b: Value): Value {
  sameType('MatMul', a, b);
  if (a.shape.at(-1) !== b.shape.at(-2)) fail('MatMul', `${show(a)} @ ${show(b)}`);
  const head = broadcast(
    'MatMul',
    { ...a, shape: a.shape.slice(0, -2) },
    { ...b, shape: b.shape.slice(0, -2) },
  );
  return g.node('MatMul', [a, b], a.type, [
    ...head,
    a.shape[a.shape.length - 2],
    b.shape[b.shape.length - 1],
  ]);
}

/** `x [L, K] @ w [N, K]^T + bias [N]`: a linear layer on a weight as it is stored. */
export function gemm(g: GraphBuilder, x: Value, w: Value, bias?: Value): Value {
  sameType('Gemm', x, w, ...(bias ? [bias] : []));
  if (x.shape.length !== 2 || x.shape[1] !== w.shape[1]) fail('Gemm', `${show(x)} @ ${show(w)}^T`);
  if (bias && bias.shape[0] !== w.shape[0]) fail('Gemm', `${show(w)} with bias ${show(bias)}`);
  return g.node('Gemm', bias ? [x, w, bias] : [x, w], x.type, [x.shape[0], w.shape[0]], { transB: 1 });
}

/**
 * `x [.., K] @ W^T` for a block-quantized `W [N, K]`; see `checkpoints/tensors.ts` for the layout.
 * @param codes uint8 `[N, ceil(K / block), block * bits / 8]`
 * @param scales `[N, ceil(K / block)]`, of the type of `x`
 */
export function matmulNBits(
  g: GraphBuilder,
  x: Value,
  codes: Value,
  scales: Value,
  { bits, blockSize, columns }: { bits: 4 | 8; blockSize: number; columns: number },
): Value {
  sameType('MatMulNBits', x, scales);
  if (x.shape.at(-1) !== columns) fail('MatMulNBits', `${show(x)} against ${columns} columns`);
  const rows = fixed(codes, 0);
  return g.node(
    'MatMulNBits',
    [x, codes, scales],
    x.type,
    [...x.shape.slice(0, -1), rows],
    { K: columns, N: rows, bits, block_size: blockSize },
    MICROSOFT,
  );
}

/** Reshapes to `shape`, which may name at most one dimension beside those kept by 0. */
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
 * Reshapes to `shape`, for shapes with several open dimensions.
 * @param sizes int64 `[rank]`: the dimensions when the graph runs. An input rather than what the operator Shape says:
 * with that, no WebGPU graph with convolutions stays wholly on the GPU.
 */
export function reshapeTo(g: GraphBuilder, x: Value, sizes: Value, shape: Shape): Value {
  if (sizes.shape[0] !== shape.length)
    fail('Reshape', `${show(x)} to [${shape.join(', ')}] by ${show(sizes)}`);
  return g.node('Reshape', [x, sizes], x.type, shape);
}

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

/** The name of the sum of dimensions, or its number where all are fixed. */
function sumDims(dims: readonly Dim[]): Dim {
  return dims.every((dim) => typeof dim === 'number')
    ? dims.reduce<number>((a, dim) => a + dim, 0)
    : dims.join('+');
}

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

/** Cuts `x` along a fixed axis into pieces of the given sizes. */
export function split(g: GraphBuilder, x: Value, axis: number, sizes: readonly number[]): Value[] {
  const at = axisOf('Split', x, axis);
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[at]) fail('Split', `${show(x)} into ${sizes}`);
  return g.nodes(
    'Split',
    [x, g.constant('int64', [sizes.length], sizes)],
    sizes.map((size) => ({ type: x.type, shape: x.shape.map((dim, i) => (i === at ? size : dim)) })),
    { axis: at },
  );
}

/**
 * Cuts `x` along an axis into pieces whose sizes are known when the graph runs.
 * @param sizes int64 `[pieces]`
 * @param dims the names of the sizes; together they are the dimension that is cut
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
  return g.nodes(
    'Split',
    [x, sizes],
    dims.map((dim) => ({ type: x.type, shape: x.shape.map((each, i) => (i === at ? dim : each)) })),
    { axis: at },
  );
}

/**
 * Cuts `x` along an axis into `count` pieces as equal as can be, whatever its size when the graph runs; where that is less
 * than `count`, some are empty. Computes the sizes from what the operator Shape says; see {@link reshapeTo}.
 * @returns pieces whose sizes have names of their own
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
  return g.nodes(
    'Split',
    [x, sizes],
    dims.map((dim) => ({ type: x.type, shape: x.shape.map((each, i) => (i === at ? dim : each)) })),
    { axis: at },
  );
}

/** `x[start:end]` along one axis; `end` may be Infinity; `size` names the result where it is not fixed. */
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

/** Rows `indices` (int32 or int64, any shape) of `x` along `axis`. */
export function gather(g: GraphBuilder, x: Value, indices: Value, axis: number): Value {
  const at = axisOf('Gather', x, axis);
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
  return g.node('Gather', [x, indices], x.type, shape, { axis: at });
}

export function softmax(g: GraphBuilder, x: Value): Value {
  return g.node('Softmax', [x], x.type, x.shape, { axis: -1 });
}

/** The mean over one axis, which disappears. */
export function mean(g: GraphBuilder, x: Value, axis: number): Value {
  const at = axisOf('ReduceMean', x, axis);
  const shape = x.shape.filter((_, i) => i !== at);
  return g.node('ReduceMean', [x, g.constant('int64', [1], [at])], x.type, shape, { keepdims: 0 });
}

/** `x / sqrt(mean(x^2) + eps) * gain` over the last axis. `gain` is `[D]`. */
export function rmsNorm(g: GraphBuilder, x: Value, gain: Value, eps: number): Value {
  sameType('RmsNorm', x, gain);
  if (gain.shape.length !== 1 || gain.shape[0] !== x.shape.at(-1))
    fail('RmsNorm', `${show(x)} by ${show(gain)}`);
  // In the default domain by onnxruntime's convention, though not part of the standard.
  return g.node('SimplifiedLayerNormalization', [x, gain], x.type, x.shape, {
    axis: -1,
    epsilon: float(eps),
  });
}

/** LayerNorm over the last axis; `gain` and `bias` are `[D]`. */
export function layerNorm(
  g: GraphBuilder,
  x: Value,
  gain: Value,
  bias: Value | undefined,
  eps: number,
): Value {
  return g.node('LayerNormalization', bias ? [x, gain, bias] : [x, gain], x.type, x.shape, {
    axis: -1,
    epsilon: float(eps),
  });
}

/**
 * Softmax attention. No causal order of its own: what may not be seen is said by `bias`.
 * @param q `[B, L, heads * D]`; `k`, `v`: `[B, S, heads * D]`
 * @param bias added to the scores, broadcast to `[B, heads, L, S]`
 * @returns `[B, L, heads * D]`
 */
export function attention(
  g: GraphBuilder,
  {
    q,
    k,
    v,
    heads,
    scale,
    bias,
  }: { q: Value; k: Value; v: Value; heads: number; scale: number; bias?: Value },
): Value {
  sameType('MultiHeadAttention', q, k, v);
  if (q.shape.length !== 3 || k.shape[1] !== v.shape[1] || fixed(q, 2) % heads !== 0) {
    fail('MultiHeadAttention', `${show(q)}, ${show(k)}, ${show(v)}, ${heads} heads`);
  }
  return g.node(
    'MultiHeadAttention',
    [q, k, v, undefined, undefined, ...(bias ? [bias] : [])],
    q.type,
    [q.shape[0], q.shape[1], v.shape[2]],
    { num_heads: heads, scale: float(scale) },
    MICROSOFT,
  );
}

/**
 * Causal attention of new tokens over past and new ones; query head `h` reads key/value head `h // (heads / kvHeads)`.
 * @param q `[1, L, heads * D]`; `k`, `v`: `[1, L, kvHeads * D]`
 * @param pastKey with `pastValue`: `[1, kvHeads, P, D]`; P may be 0
 * @param last int32 `[1]`: P + L - 1; `total`: int32 `[1]`: P + L, read on the processor
 * @param present how the length P + L is called
 * @returns `[1, L, heads * D]`, and keys and values `[1, kvHeads, P + L, D]`
 */
export function causalAttention(
  g: GraphBuilder,
  inputs: { q: Value; k: Value; v: Value; pastKey: Value; pastValue: Value; last: Value; total: Value },
  { heads, kvHeads, scale, present }: { heads: number; kvHeads: number; scale: number; present: Dim },
): { out: Value; presentKey: Value; presentValue: Value } {
  const { q, k, v, pastKey, pastValue, last, total } = inputs;
  sameType('GroupQueryAttention', q, k, v, pastKey, pastValue);
  const headDim = fixed(q, 2) / heads;
  const fits =
    fixed(k, 2) === kvHeads * headDim &&
    fixed(v, 2) === kvHeads * headDim &&
    [pastKey, pastValue].every(({ shape }) => shape[1] === kvHeads && shape[3] === headDim);
  if (!fits) fail('GroupQueryAttention', [q, k, v, pastKey, pastValue].map(show).join(', '));
  const cache = { type: k.type, shape: [1, kvHeads, present, headDim] };
  const [out, presentKey, presentValue] = g.nodes(
    'GroupQueryAttention',
    [q, k, v, pastKey, pastValue, last, total],
    [{ type: q.type, shape: q.shape }, cache, cache],
    { num_heads: heads, kv_num_heads: kvHeads, scale: float(scale) },
    MICROSOFT,
  );
  return { out, presentKey, presentValue };
}

/** 2-D convolution of `x [B, C, H, W]` by `w [O, C, kh, kw]`; the output's height and width are named by the caller. */
export function conv2d(
  g: GraphBuilder,
  x: Value,
  w: Value,
  bias: Value,
  { stride = 1, pads, height, width }: { stride?: number; pads: readonly number[]; height: Dim; width: Dim },
): Value {
  if (x.shape[1] !== w.shape[1]) fail('Conv', `${show(x)} by ${show(w)}`);
  return g.node('Conv', [x, w, bias], x.type, [x.shape[0], w.shape[0], height, width], {
    kernel_shape: [fixed(w, 2), fixed(w, 3)],
    strides: [stride, stride],
    pads,
  });
}

/**
 * Rotates interleaved pairs `(2i, 2i + 1)` of every head by the angles of its row.
 * @param x `[1, L, heads * D]`; `cosines`, `sines`: `[L, D / 2]`
 */
export function rotaryInterleaved(
  g: GraphBuilder,
  x: Value,
  cosines: Value,
  sines: Value,
  heads: number,
): Value {
  return rotary(g, x, cosines, sines, heads, 1);
}

/**
 * Rotates pairs `(i, i + D / 2)` of every head by the angles of its row: the layout of `rotate_half`.
 * @param x `[1, L, heads * D]`; `cosines`, `sines`: `[L, D / 2]`
 */
export function rotaryHalves(g: GraphBuilder, x: Value, cosines: Value, sines: Value, heads: number): Value {
  return rotary(g, x, cosines, sines, heads, 0);
}

function rotary(
  g: GraphBuilder,
  x: Value,
  cosines: Value,
  sines: Value,
  heads: number,
  interleaved: 0 | 1,
): Value {
  sameType('RotaryEmbedding', x, cosines, sines);
  const fits = [cosines, sines].every(
    ({ shape }) => shape.length === 2 && shape[0] === x.shape[1] && shape[1] === fixed(x, 2) / heads / 2,
  );
  if (!fits || x.shape[0] !== 1) {
    fail('RotaryEmbedding', `${show(x)} by ${show(cosines)}, ${show(sines)}, ${heads} heads`);
  }
  // One position for the whole batch is the row of the tables that the first token takes.
  const first = g.constant('int64', [1], [0]);
  return g.node('RotaryEmbedding', [x, first, cosines, sines], x.type, x.shape, { interleaved }, MICROSOFT);
}

/**
 * Repeats each of `heads` groups of columns `times` times in place, so that head `h` of the result is head
 * `h // times` of `x`.
 * @param x `[L, heads * D]` or `[1, L, heads * D]`
 * @returns `[1, L, heads * times * D]`
 */
export function repeatHeads(g: GraphBuilder, x: Value, heads: number, times: number): Value {
  const [length] = x.shape.slice(-2);
  const width = fixed(x, -1);
  if (x.shape.length > 3 || (x.shape.length === 3 && x.shape[0] !== 1) || width % heads !== 0) {
    fail('repeatHeads', `${show(x)}, ${heads} heads`);
  }
  if (times === 1) return x.shape.length === 3 ? x : reshape(g, x, [1, length, width]);
  const apart = reshape(g, x, [length, heads, 1, width / heads]);
  const repeated = g.node('Expand', [apart, g.constant('int64', [4], [1, 1, times, 1])], x.type, [
    length,
    heads,
    times,
    width / heads,
  ]);
  return reshape(g, repeated, [1, length, width * times]);
}

/** Normalises every channel of `x [B, C, ..]` over its remaining axes, without gain or bias. */
export function instanceNorm(g: GraphBuilder, x: Value, eps: number): Value {
  const channels = fixed(x, 1);
  const all = (value: number) => g.constant('float32', [channels], Array<number>(channels).fill(value));
  return g.node('InstanceNormalization', [x, all(1), all(0)], x.type, x.shape, { epsilon: float(eps) });
}

/** Doubles height and width of `x [B, C, H, W]`, each pixel repeated; the output's sizes are named by the caller. */
export function upsampleNearest(g: GraphBuilder, x: Value, height: Dim, width: Dim): Value {
  if (x.shape.length !== 4) fail('Resize', show(x));
  const scales = g.constant('float32', [4], [1, 1, 2, 2]);
  return g.node('Resize', [x, undefined, scales], x.type, [x.shape[0], x.shape[1], height, width], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** Repeats `x` along its axes of size 1 up to `shape`, whose other dimensions must be those of `x`. */
export function expand(g: GraphBuilder, x: Value, shape: Shape): Value {
  if (shape.length !== x.shape.length) fail('Expand', `${show(x)} to [${shape.join(', ')}]`);
  const target = shape.map((dim, i) => {
    if (x.shape[i] === dim) return 1;
    if (x.shape[i] === 1 && typeof dim === 'number') return dim;
    return fail('Expand', `${show(x)} to [${shape.join(', ')}]`);
  });
  return g.node('Expand', [x, g.constant('int64', [target.length], target)], x.type, shape);
}

/** `min(max(x, low), high)`. */
export function clip(g: GraphBuilder, x: Value, low: number, high: number): Value {
  return g.node('Clip', [x, scalar(g, low), scalar(g, high)], x.type, x.shape);
}

function globalPool(op: string) {
  return (g: GraphBuilder, x: Value): Value => {
    if (x.shape.length !== 4) fail(op, show(x));
    return g.node(op, [x], x.type, [x.shape[0], x.shape[1], 1, 1]);
  };
}

/** The mean of every channel of `x [B, C, H, W]`: `[B, C, 1, 1]`. */
export const meanOfChannels = globalPool('GlobalAveragePool');
/** The largest value of every channel of `x [B, C, H, W]`: `[B, C, 1, 1]`. */
export const maxOfChannels = globalPool('GlobalMaxPool');

/** The largest of the `height x width` values around each of `x [B, C, H, W]`; both sides odd, so that the shape stays. */
export function maxAround(g: GraphBuilder, x: Value, height: number, width: number): Value {
  if (x.shape.length !== 4 || height % 2 === 0 || width % 2 === 0)
    fail('MaxPool', `${show(x)} by ${height} x ${width}`);
  const [top, left] = [(height - 1) / 2, (width - 1) / 2];
  return g.node('MaxPool', [x], x.type, x.shape, {
    kernel_shape: [height, width],
    strides: [1, 1],
    pads: [top, left, top, left],
  });
}
