/** The conversion of one tensor. */

import {
  QUANTIZED_SUFFIX,
  type QuantizedMatrix,
  type StoredDtype,
  type StoredTensor,
} from '../../tensors/stored.ts';
import type { Change } from '../adapters/changes.ts';
import { BLOCK_SIZE } from '../quantize.ts';
import { isQuantized } from '../rows.ts';

/** How one tensor is stored: as floats, or block-quantized. */
export type TensorStorage = 'F64' | 'F32' | 'F16' | 'BF16' | 'q8' | 'q4';
/**
 * Formats that a conversion writes. BF16 and F64 are left out, because every load would have to cast them.
 */
export type TargetStorage = Exclude<TensorStorage, 'BF16' | 'F64'>;

/** The conversion of one tensor. */
export interface TensorAction {
  /** The official name. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: StoredTensor | QuantizedMatrix;
  readonly from: TensorStorage;
  readonly to: TargetStorage;
  /** Why it gets this format, for a person. */
  readonly reason: string;
  /** The change by adapters that is added before it is stored. */
  readonly change?: Change;
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** The tensors that an action writes: one tensor, or codes and scales. */
export function outputTensors({
  name,
  shape,
  to,
  source,
}: Pick<TensorAction, 'name' | 'shape' | 'to' | 'source'>): {
  name: string;
  dtype: StoredDtype;
  shape: number[];
}[] {
  if (to !== 'q8' && to !== 'q4') return [{ name, dtype: to, shape: [...shape] }];
  const bits = bitsOf(to);
  const blockSize = isQuantized(source) && source.bits === bits ? source.blockSize : BLOCK_SIZE;
  const [rows, columns] = shape;
  const blocks = Math.ceil(columns / blockSize);
  return [
    { name: name + QUANTIZED_SUFFIX[to], dtype: 'U8', shape: [rows, blocks, (blockSize * bits) / 8] },
    { name: name + QUANTIZED_SUFFIX.scales, dtype: 'F16', shape: [rows, blocks] },
  ];
}

export function bitsOf(storage: 'q8' | 'q4'): 4 | 8 {
  return storage === 'q4' ? 4 : 8;
}
