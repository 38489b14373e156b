/** How long streams are attended to where the engine counts in 32 bits. */

import type { Runtime } from '../runtime/types.ts';

/** The engine on WebAssembly counts the multiplications and additions of an attention in 32 bits, and fails beyond. */
const MAX_ATTENTION_WORK = 2 ** 31 - 1;

/** How many of `rows` rows of `headDim` numbers a head can look at all of them at once; at least one. */
export function rowsAtOnce(headDim: number, rows: number): number {
  return Math.max(1, Math.min(rows, Math.floor(MAX_ATTENTION_WORK / (2 * headDim * rows))));
}

/**
 * In how many parts `rows` rows have to look at each other.
 * @returns 1 on every backend that counts further
 */
export function attentionParts(backend: Runtime['backend'], headDim: number, rows: number): number {
  return backend === 'wasm' ? Math.ceil(rows / rowsAtOnce(headDim, rows)) : 1;
}
