/** Matrix products. */

import type { GraphBuilder, Value } from '../graph.ts';
import { broadcast, fail, fixed, MICROSOFT, sameType, show } from './checks.ts';

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
