/** Matrix products. */

import type { GraphBuilder, Value } from '../graph.ts';
import { addScalar, castTo, floor, mul, scale, sub } from './arithmetic.ts';
import { broadcast, fail, fixed, MICROSOFT, sameType, show } from './checks.ts';
import { concat, reshape, slice } from './layout.ts';

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

/** `x [L, K] @ w [N, K]^T + bias [N]`: a linear layer with its weight as it is stored. */
export function gemm(g: GraphBuilder, x: Value, w: Value, bias?: Value): Value {
  sameType('Gemm', x, w, ...(bias ? [bias] : []));
  if (x.shape.length !== 2 || x.shape[1] !== w.shape[1]) fail('Gemm', `${show(x)} @ ${show(w)}^T`);
  if (bias && bias.shape[0] !== w.shape[0]) fail('Gemm', `${show(w)} with bias ${show(bias)}`);
  return g.node('Gemm', bias ? [x, w, bias] : [x, w], x.type, [x.shape[0], w.shape[0]], { transB: 1 });
}

/**
 * `x [.., K] @ W^T` for a block-quantized `W [N, K]`. `tensors/stored.ts` describes the layout.
 * @param codes uint8 `[N, ceil(K / block), block * bits / 8]`
 * @param scales `[N, ceil(K / block)]`, of the type of `x`
 * @param accuracyLevel 4: the engine may round `x` to 8 bits. Default: it does not
 */
export function matmulNBits(
  g: GraphBuilder,
  x: Value,
  codes: Value,
  scales: Value,
  {
    bits,
    blockSize,
    columns,
    accuracyLevel,
  }: { bits: 4 | 8; blockSize: number; columns: number; accuracyLevel?: 4 },
): Value {
  sameType('MatMulNBits', x, scales);
  if (x.shape.at(-1) !== columns) fail('MatMulNBits', `${show(x)} against ${columns} columns`);
  const rows = fixed(codes, 0);
  return g.node(
    'MatMulNBits',
    [x, codes, scales],
    x.type,
    [...x.shape.slice(0, -1), rows],
    {
      K: columns,
      N: rows,
      bits,
      block_size: blockSize,
      ...(accuracyLevel === undefined ? {} : { accuracy_level: accuracyLevel }),
    },
    MICROSOFT,
  );
}

/**
 * The float32 matrix `[N, K]` of a block-quantized one. The engine computes it once, when it opens the graph.
 * @param codes uint8 `[N, ceil(K / block), block * bits / 8]`
 * @param scales float32 `[N, ceil(K / block)]`
 */
export function dequantize(
  g: GraphBuilder,
  codes: Value,
  scales: Value,
  { bits, columns }: { bits: 4 | 8; columns: number },
): Value {
  const [rows, blocks, bytes] = [0, 1, 2].map((axis) => fixed(codes, axis));
  const blockSize = (bytes * 8) / bits;
  const stored = castTo(g, codes, 'float32');
  const centred = addScalar(g, bits === 8 ? stored : halves(g, stored), -(2 ** (bits - 1)));
  const values = mul(
    g,
    reshape(g, centred, [rows, blocks, blockSize]),
    reshape(g, scales, [rows, blocks, 1]),
  );
  return slice(g, reshape(g, values, [rows, blocks * blockSize]), 1, 0, columns);
}

/** The two 4-bit halves of each byte `[N, blocks, bytes]`, the low one first: `[N, blocks, bytes, 2]`. */
function halves(g: GraphBuilder, stored: Value): Value {
  const high = floor(g, scale(g, stored, 1 / 16));
  const low = sub(g, stored, scale(g, high, 16));
  return concat(
    g,
    [low, high].map((half) => reshape(g, half, [...half.shape, 1])),
    -1,
  );
}
