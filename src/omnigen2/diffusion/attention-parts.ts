/** How long streams are attended to where the engine counts in 32 bits. */

import type { Runtime } from '../../runtime/types.ts';

/**
 * Most multiplications and additions of one attention. The engine on WebAssembly counts them in 32 bits and fails beyond;
 * the others count further.
 */
export function attentionWork(backend: Runtime['backend']): number {
  return backend === 'wasm' ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY;
}

/** How many of `rows` rows of `headDim` numbers a head can look at all of them at once, within `work`; at least one. */
export function rowsAtOnce(work: number, headDim: number, rows: number): number {
  return Math.max(1, Math.min(rows, Math.floor(work / (2 * headDim * rows))));
}

/**
 * In how many parts `rows` rows have to look at each other: a power of two, so that streams of nearly the same length
 * pass the same graph.
 */
export function attentionParts(work: number, headDim: number, rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows / rowsAtOnce(work, headDim, rows)));
}
