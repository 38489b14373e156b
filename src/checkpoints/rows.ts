/** Rows of a stored tensor, as they lie in its file or as floats. */

import type { QuantizedMatrix, StoredTensor } from '../tensors/stored.ts';
import type { CheckpointFolder } from './folder.ts';
import { dequantize } from './quantize.ts';
import { aligned, toFloat32 } from './safetensors.ts';

/** Some rows of a tensor, seen as the matrix of its first dimension and the rest. */
export interface Band {
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
  /** Of the whole tensor. */
  readonly totalRows: number;
}

export function isQuantized(source: StoredTensor | QuantizedMatrix): source is QuantizedMatrix {
  return 'codes' in source;
}

/** The bytes of a band as they lie in the checkpoint: one part, or codes and scales. */
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

/** The values `[rows, columns]` of a band; they may lie in the checkpoint's own bytes, so they are not to be changed. */
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
