/** Rows of a stored tensor, as stored bytes or as floats. */

import type { QuantizedMatrix, StoredDtype, StoredTensor } from '../tensors/stored.ts';
import type { CheckpointFolder } from './folder.ts';
import { dequantize } from './quantize.ts';
import { aligned, toFloat32 } from './safetensors.ts';

/** A range of rows of a tensor. The tensor is treated as a matrix: its first dimension by all others. */
export interface Band {
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
  /** Number of rows of the whole tensor. */
  readonly totalRows: number;
}

export function isQuantized(source: StoredTensor | QuantizedMatrix): source is QuantizedMatrix {
  return 'codes' in source;
}

/** The stored bytes of a band: one part, or codes and scales. */
export function storedRows(
  folder: Pick<CheckpointFolder, 'read'>,
  source: StoredTensor | QuantizedMatrix,
  { firstRow, rows, totalRows }: Band,
): Promise<Uint8Array[]> {
  const tensors = isQuantized(source) ? [source.codes, source.scales] : [source];
  return Promise.all(
    tensors.map(({ file, offset, sizeBytes }) => {
      const rowBytes = sizeBytes / totalRows;
      return folder.read(file, offset + firstRow * rowBytes, rows * rowBytes);
    }),
  );
}

/** How a tensor is stored: by its element type, or block-quantized. */
export type StoredForm =
  | { readonly dtype: StoredDtype }
  | { readonly bits: 4 | 8; readonly blockSize: number };

/** The values `[rows, columns]` of a band. They may be a view of the checkpoint, so do not change them. */
export async function floatRows(
  folder: Pick<CheckpointFolder, 'read'>,
  source: StoredTensor | QuantizedMatrix,
  band: Band,
): Promise<Float32Array> {
  return decodeRows(await storedRows(folder, source, band), source, band.rows, band.columns);
}

/**
 * The values `[rows, columns]` of stored rows. They may be a view of `parts`.
 * @param parts one part, or codes and scales
 */
export function decodeRows(
  parts: readonly Uint8Array[],
  form: StoredForm,
  rows: number,
  columns: number,
): Float32Array {
  const [bytes, scaleBytes] = parts;
  if ('dtype' in form) return toFloat32(bytes, form.dtype);
  const scales = aligned(scaleBytes, 2);
  const values = new Float32Array(rows * columns);
  dequantize(
    bytes,
    new Uint16Array(scales.buffer, scales.byteOffset, scales.length / 2),
    { rows, columns, bits: form.bits, blockSize: form.blockSize },
    values,
  );
  return values;
}
