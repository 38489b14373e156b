/** Attention, rotary embeddings, and the repetition of key/value heads. */

import { type Dim, float, type GraphBuilder, type Value } from '../graph.ts';
import { fail, fixed, MICROSOFT, sameType, show } from './checks.ts';
import { reshape } from './layout.ts';

/**
 * Softmax attention, not causal. Only `bias` masks positions.
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
 * Causal attention of L new tokens over P cached and the L new ones. Query head `h` reads key/value head
 * `h // (heads / kvHeads)`. The names `past` and `present` are those of the operator GroupQueryAttention.
 * @param q `[1, L, heads * D]`; `k`, `v`: `[1, L, kvHeads * D]`
 * @param pastKey the cached keys, like `pastValue` the cached values: `[1, kvHeads, P, D]`; P may be 0
 * @param last int32 `[1]`: P + L - 1; `total`: int32 `[1]`: P + L, read on the processor
 * @param present name of the dimension P + L
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

/**
 * Rotates the interleaved pairs `(2i, 2i + 1)` of every head by the angles of its row.
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
 * Rotates the pairs `(i, i + D / 2)` of every head by the angles of its row, like the official `rotate_half`.
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
  // With one position id for the batch, the operator reads the tables from that row on, here from row 0.
  const first = g.constant('int64', [1], [0]);
  return g.node('RotaryEmbedding', [x, first, cosines, sines], x.type, x.shape, { interleaved }, MICROSOFT);
}

/**
 * Repeats each of `heads` heads `times` times: head `h` of the result is head `h // times` of `x`.
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
