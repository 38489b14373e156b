/** Computes the derived tensors of a graph: stored tensors that it needs in another format. */

import type { BuiltGraph, DerivedTensor } from '../onnx/graph.ts';
import { floatToHalf } from '../tensors/half.ts';
import type { StoredTensor } from '../tensors/stored.ts';
import { dequantize } from './quantize.ts';
import { aligned, toFloat32 } from './safetensors.ts';

/**
 * The bytes of a graph's derived file, as `BuiltGraph.derived` lists them. Besides the result, memory holds
 * one stored tensor at a time.
 * @param read reads the stored bytes of a tensor
 */
export async function fillDerived(
  graph: BuiltGraph,
  read: (tensor: StoredTensor) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const out = new Uint8Array(graph.derivedSizeBytes);
  for (const tensor of graph.derived) {
    const place = out.subarray(tensor.offset, tensor.offset + tensor.sizeBytes);
    if (tensor.kind === 'cast') place.set(await cast(tensor, read));
    else await dequantizeInto(tensor, place, read);
  }
  return out;
}

async function cast(
  { source, to }: DerivedTensor & { kind: 'cast' },
  read: (tensor: StoredTensor) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const values = toFloat32(await read(source), source.dtype);
  const typed = to === 'float16' ? floatToHalf(values) : values;
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

async function dequantizeInto(
  { codes, scales, bits, columns }: DerivedTensor & { kind: 'dequantize' },
  place: Uint8Array,
  read: (tensor: StoredTensor) => Promise<Uint8Array>,
): Promise<void> {
  const scaleBytes = aligned(await read(scales), 2);
  const shape = { rows: codes.shape[0], columns, bits, blockSize: (codes.shape[2] * 8) / bits };
  // The graph aligns derived tensors to 16 bytes.
  const out = new Float32Array(place.buffer, place.byteOffset, shape.rows * columns);
  const factors = new Uint16Array(scaleBytes.buffer, scaleBytes.byteOffset, scaleBytes.length / 2);
  dequantize(await read(codes), factors, shape, out);
}
