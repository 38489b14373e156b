/** Rows of a stored tensor, as stored bytes or as floats. */

import type { QuantizedMatrix, StoredTensor } from '../tensors/stored.ts';
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

/** The values `[rows, columns]` of a band. They may be a view of the checkpoint, so do not change them. */
export async function floatRows(
  folder: Pick<CheckpointFolder, 'read'>,
  source: StoredTensor | QuantizedMatrix,
  band: Band,
): Promise<Float32Array> {
  const [bytes, scaleBytes] = await storedRows(folder, source, band);
  if (!isQuantized(source)) return toFloat32(bytes, source.dtype);
  const scales = aligned(scaleBytes, 2);
  const values = new Float32Array(band.rows * band.columns);
  dequantize(
    bytes,
    new Uint16Array(scales.buffer, scales.byteOffset, scales.length / 2),
    { rows: band.rows, columns: band.columns, bits: source.bits, blockSize: source.blockSize },
    values,
  );
  return values;
}
