/** How the graphs of one component compute. It follows from the runtime and from the size of the weights. */

import { elementCount } from '../../checkpoints/safetensors.ts';
import type { Runtime } from '../../runtime/types.ts';
import { type QuantizedMatrix, quantizedMatrix, type WeightIndex } from '../../tensors/stored.ts';

export interface Numerics {
  /** The element type of products and convolutions. All else is float32. */
  readonly compute: 'float32' | 'float16';
  /** Whether products read block-quantized matrices as they are stored, or widened to float32. */
  readonly quantized: 'native' | 'widened';
  /** Whether the engine casts bfloat16 when a session opens. Otherwise it is cast before. */
  readonly castsBfloat16: boolean;
  /** Whether the transformer's widths are padded for fast kernels; see `padding.ts`. Default: false. */
  readonly padded?: boolean;
  /** 4: products with quantized matrices may round their input to 8 bits. */
  readonly accuracyLevel?: 4;
}

/** The numerics of a small model on Node. */
export const CPU_NUMERICS: Numerics = { compute: 'float32', quantized: 'widened', castsBfloat16: true };

/**
 * Maximum size in bytes of quantized matrices that are widened to float32 on a processor. A product of a few
 * rows spends more time on widening a matrix than on the product: the built-in model draws 1.6 times as fast
 * with widened matrices (Node, 128 px). With wider matrices and more rows the difference is gone, and widened
 * ones would take eight times the memory.
 */
const WIDENED_BYTES = 2 ** 27;

/** The numerics of a component with these weights on a runtime. */
export function numericsFor(
  { backend, halfPrecision, kernels }: Pick<Runtime, 'backend' | 'halfPrecision' | 'kernels'>,
  weights: WeightIndex,
): Numerics {
  const widens = backend !== 'webgpu' && widenedSizeBytes(weights) <= WIDENED_BYTES;
  return {
    compute: kernels?.compute ?? (halfPrecision ? 'float16' : 'float32'),
    quantized: widens ? 'widened' : 'native',
    castsBfloat16: backend === 'node',
    padded: kernels?.padded,
    accuracyLevel: kernels?.accuracyLevel,
  };
}

/** Bytes of all quantized matrices as float32. */
function widenedSizeBytes(weights: WeightIndex): number {
  return weights.names.reduce((sum, name) => {
    const matrix = name.endsWith('.scales') ? quantizedMatrix(weights, name.slice(0, -7)) : undefined;
    return sum + (matrix ? widenedBytes(matrix) : 0);
  }, 0);
}

/** Bytes of all tensors whose names begin with `prefix`, as a session holds them. */
export function heldSizeBytes(
  weights: WeightIndex,
  prefix: string,
  { compute, quantized }: Numerics,
): number {
  let bytes = 0;
  for (const name of weights.names) {
    const tensor = name.startsWith(prefix) ? weights.get(name) : undefined;
    if (!tensor) continue;
    const matrixName = name.replace(/\.(q4|q8|scales)$/, '');
    const matrix = name === matrixName ? undefined : quantizedMatrix(weights, matrixName);
    const floatBytes = compute === 'float16' ? 2 : 4;
    if (!matrix) bytes += elementCount(tensor.shape) * floatBytes;
    else if (quantized === 'widened') bytes += tensor === matrix.codes ? widenedBytes(matrix) : 0;
    else bytes += tensor === matrix.codes ? tensor.sizeBytes : elementCount(tensor.shape) * floatBytes;
  }
  return bytes;
}

/** Bytes of a quantized matrix as float32. */
export function widenedBytes({ scales, blockSize }: QuantizedMatrix): number {
  return 4 * elementCount(scales.shape) * blockSize;
}
