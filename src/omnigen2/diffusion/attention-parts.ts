/** Attention over long streams, for an engine that counts its work in 32 bits. */

import type { Runtime } from '../../runtime/types.ts';

/**
 * Maximum number of multiplications and additions of one attention. The WebAssembly engine counts them in 32
 * bits and fails above that; the other engines have no limit.
 */
export function attentionWork(backend: Runtime['backend']): number {
  return backend === 'wasm' ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY;
}

/**
 * Number of queries, of `rows` rows of `headDim` values, that can attend to all rows at once within `work`;
 * at least one.
 */
export function rowsAtOnce(work: number, headDim: number, rows: number): number {
  return Math.max(1, Math.min(rows, Math.floor(work / (2 * headDim * rows))));
}

/**
 * Number of parts that the queries of an attention over `rows` tokens are split into. It is a power of two,
 * so that streams of nearly the same length use the same graph.
 */
export function attentionParts(work: number, headDim: number, rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows / rowsAtOnce(work, headDim, rows)));
}
