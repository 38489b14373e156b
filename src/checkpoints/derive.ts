/** Computes derived tensors: stored tensors that an engine needs in another element type. */

import type { DerivedTensor } from '../onnx/graph.ts';
import { floatToHalf } from '../tensors/half.ts';
import type { StoredTensor } from '../tensors/stored.ts';
import { toFloat32 } from './safetensors.ts';

/**
 * The bytes of a derived tensor.
 * @param read reads the stored bytes of a tensor
 */
export async function deriveTensor(
  { source, to }: DerivedTensor,
  read: (tensor: StoredTensor) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const values = toFloat32(await read(source), source.dtype);
  const typed = to === 'float16' ? floatToHalf(values) : values;
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}
