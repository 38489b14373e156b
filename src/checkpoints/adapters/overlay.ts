/**
 * A checkpoint with adapters on its transformer, without a copy of the weights. Tensors that no adapter
 * changes keep their place in the files. Changed matrices are computed when they are read.
 *
 * A changed matrix is float32, in whatever format the checkpoint stores it. Rounding it to bfloat16 or
 * quantizing it again would lose much of a small change (docs/reference/quantization.md). If the engine
 * computes with quantized matrices, a quantized matrix stays as it is, and the change becomes a second,
 * low-rank product.
 */

import {
  LOW_RANK_SUFFIX,
  QUANTIZED_SUFFIX,
  type QuantizedMatrix,
  quantizedMatrix,
  type StoredTensor,
  type WeightIndex,
} from '../../tensors/stored.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { CheckpointFolder } from '../folder.ts';
import { floatRows, isQuantized } from '../rows.ts';
import { type Adapter, addChange, type Change, changesOf, joinedChange, rankOf } from './changes.ts';

/** How the engine computes with block-quantized matrices. */
export interface MatrixUse {
  readonly quantized: 'native' | 'widened';
}

/** A float32 matrix `[rows, columns]` that is computed when it is read. */
interface ComputedMatrix {
  readonly tensor: StoredTensor;
  /** Computes `rows` rows from `firstRow` on, row-major. */
  read(firstRow: number, rows: number): Promise<Float32Array>;
}

/**
 * Applies adapters to a checkpoint. Returns the checkpoint itself if they change nothing.
 * @param use how the engine computes with quantized matrices: see `omnigen2/graphs/numerics.ts`
 * @throws OmniError `bad_checkpoint` if the sum of the changes of a weight is out of range
 *
 * @example
 * const lora = readLora(bytes, 'style.safetensors', checkpoint.components.transformer.expected);
 * const adapted = withAdapters(checkpoint, [{ lora, strength: 0.8 }], { quantized: 'native' });
 */
export function withAdapters(
  checkpoint: Checkpoint,
  adapters: readonly Adapter[],
  use: MatrixUse,
): Checkpoint {
  const changes = changesOf(adapters);
  if (changes.size === 0) return checkpoint;
  const { transformer } = checkpoint.components;
  const shapes = new Map(transformer.expected.map(({ name, shape }) => [name, shape]));
  const computed = new Map<string, ComputedMatrix>();
  const hidden = new Set<string>();
  for (const [name, change] of changes) {
    const source = quantizedMatrix(transformer.weights, name) ?? transformer.weights.get(name);
    const shape = shapes.get(name);
    if (!source || !shape) throw new Error(`the opened checkpoint has no ${name}`);
    const [rows, columns] = shape;
    const staysQuantized = isQuantized(source) && use.quantized === 'native';
    if (staysQuantized && rankOf(change) * (rows + columns) < rows * columns) {
      for (const matrix of lowRankMatrices(name, change, shape)) computed.set(matrix.tensor.name, matrix);
    } else {
      computed.set(name, mergedMatrix(checkpoint.folder, name, shape, source, change));
      for (const suffix of Object.values(QUANTIZED_SUFFIX)) hidden.add(name + suffix);
    }
  }
  const weights = indexWith(transformer.weights, computed, hidden);
  const folder = folderWith(checkpoint.folder, [...computed.values()]);
  return {
    ...checkpoint,
    folder,
    components: { ...checkpoint.components, transformer: { ...transformer, weights } },
    readTensor: ({ file, offset, sizeBytes }) => folder.read(file, offset, sizeBytes),
  };
}

/** The index with computed tensors added, and without those that `hidden` names. */
function indexWith(
  weights: WeightIndex,
  computed: ReadonlyMap<string, ComputedMatrix>,
  hidden: ReadonlySet<string>,
): WeightIndex {
  const kept = weights.names.filter((name) => !hidden.has(name) && !computed.has(name));
  return {
    get: (name) => computed.get(name)?.tensor ?? (hidden.has(name) ? undefined : weights.get(name)),
    names: [...kept, ...computed.keys()],
  };
}

/** The matrix `[rows, columns]` plus its change. */
function mergedMatrix(
  folder: CheckpointFolder,
  name: string,
  shape: readonly number[],
  source: StoredTensor | QuantizedMatrix,
  change: Change,
): ComputedMatrix {
  const [totalRows, columns] = shape;
  return {
    tensor: computedTensor(name, shape),
    async read(firstRow, rows) {
      const values = (await floatRows(folder, source, { firstRow, rows, columns, totalRows })).slice();
      addChange(values, change, firstRow);
      return values;
    },
  };
}

/**
 * The two factors of the change. They are joined when they are read, so that memory does not hold them twice.
 */
function lowRankMatrices(name: string, change: Change, [rows, columns]: readonly number[]): ComputedMatrix[] {
  const rank = rankOf(change);
  const factor = (which: 'down' | 'up', shape: readonly [number, number]): ComputedMatrix => ({
    tensor: computedTensor(name + LOW_RANK_SUFFIX[which], shape),
    read: async (firstRow, count) =>
      joinedChange(change)[which].subarray(firstRow * shape[1], (firstRow + count) * shape[1]),
  });
  return [factor('down', [rank, columns]), factor('up', [rows, rank])];
}

/** Describes a computed tensor. Each has its own file, so that it is computed only if a graph needs it. */
function computedTensor(name: string, shape: readonly number[]): StoredTensor {
  const sizeBytes = 4 * shape[0] * shape[1];
  return { name, dtype: 'F32', shape, file: `transformer/adapted/${name}`, offset: 0, sizeBytes };
}

/**
 * The folder with the computed tensors as files. They can be read, but are not listed, and the engine cannot
 * read them itself.
 */
function folderWith(folder: CheckpointFolder, matrices: readonly ComputedMatrix[]): CheckpointFolder {
  const byPath = new Map(matrices.map((matrix) => [matrix.tensor.file, matrix]));
  const bytes = async ({ tensor, read }: ComputedMatrix, offset: number, length: number) => {
    const rowBytes = 4 * tensor.shape[1];
    const firstRow = Math.floor(offset / rowBytes);
    const values = await read(firstRow, Math.ceil((offset + length) / rowBytes) - firstRow);
    const start = values.byteOffset + offset - firstRow * rowBytes;
    return new Uint8Array(values.buffer, start, length);
  };
  return {
    name: folder.name,
    list: () => folder.list(),
    async read(path, offset, length) {
      const matrix = byPath.get(path);
      return matrix ? bytes(matrix, offset, length) : folder.read(path, offset, length);
    },
    async slice(path, offset, length) {
      const matrix = byPath.get(path);
      return matrix ? bytes(matrix, offset, length) : folder.slice(path, offset, length);
    },
    async file(path) {
      const matrix = byPath.get(path);
      return matrix ? bytes(matrix, 0, matrix.tensor.sizeBytes) : folder.file(path);
    },
  };
}
