/** Tensors in main memory, on their way into graphs and out of them. */

import type { HostTensor } from '../runtime/types.ts';

export function float32Tensor(dims: readonly number[], data: Float32Array): HostTensor {
  return { type: 'float32', dims, data };
}

/** @param dims one dimension by default */
export function int32Tensor(
  values: ArrayLike<number>,
  dims: readonly number[] = [values.length],
): HostTensor {
  return { type: 'int32', dims, data: Int32Array.from(values) };
}

export function int64Tensor(values: readonly number[]): HostTensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** Concatenates arrays. */
export function concatFloats(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The values of a float32 tensor. Any other type is a defect of the graph. */
export function floatsOf({ data, type }: HostTensor): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error(`a graph gave ${type} in place of float32`);
  return data;
}
