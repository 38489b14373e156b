/** Tensors as a checkpoint stores them, and the naming scheme of quantized ones. */

/** Element types of the safetensors format that are supported. */
export type StoredDtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U8' | 'I8' | 'BOOL';

/** Bytes per element of a stored type. */
export const STORED_SIZE_BYTES: Readonly<Record<StoredDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
  I8: 1,
  BOOL: 1,
};

/** One tensor of a checkpoint: its type, its shape, and the location of its bytes. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  /** Path of the file in the checkpoint folder, with `/`. */
  readonly file: string;
  /** Offset of the first byte from the start of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The tensors of one component (transformer, vae, mllm), by their official names. */
export interface WeightIndex {
  /** The tensor with this name, or undefined. */
  get(name: string): StoredTensor | undefined;
  readonly names: readonly string[];
}

/**
 * A block-quantized matrix `[N, K]` is stored under its official name with a suffix. The layout is the one of
 * `com.microsoft.MatMulNBits`, so that the engine reads it without a copy:
 *
 * - `X.weight.q4` or `X.weight.q8`: U8 `[N, ceil(K / block), block * bits / 8]`, low nibble first;
 * - `X.weight.scales`: F16 `[N, ceil(K / block)]`.
 *
 * Quantization is symmetric: value = (code - 2^(bits-1)) * scale. The block size follows from the shapes.
 */
export const QUANTIZED_SUFFIX = { q4: '.q4', q8: '.q8', scales: '.scales' } as const;

/** A quantized matrix in the index. */
export interface QuantizedMatrix {
  readonly bits: 4 | 8;
  readonly blockSize: number;
  readonly codes: StoredTensor;
  readonly scales: StoredTensor;
}

/** The quantized matrix for `name` (which ends in `.weight`), or undefined if it is not quantized. */
export function quantizedMatrix(weights: WeightIndex, name: string): QuantizedMatrix | undefined {
  for (const bits of [4, 8] as const) {
    const codes = weights.get(name + (bits === 4 ? QUANTIZED_SUFFIX.q4 : QUANTIZED_SUFFIX.q8));
    const scales = weights.get(name + QUANTIZED_SUFFIX.scales);
    if (codes && scales) return { bits, blockSize: (codes.shape[2] * 8) / bits, codes, scales };
  }
  return undefined;
}

/**
 * The change that adapters make to a matrix `X.weight` `[N, K]` that stays quantized: the factors
 * `X.weight+down` `[R, K]` and `X.weight+up` `[N, R]` of a second product. Computed on load; no file has
 * them.
 */
export const LOW_RANK_SUFFIX = { down: '+down', up: '+up' } as const;

/** The low-rank factors for a matrix, or undefined if no adapter changes it. */
export function lowRankFactors(
  weights: WeightIndex,
  name: string,
): { readonly down: StoredTensor; readonly up: StoredTensor } | undefined {
  const down = weights.get(name + LOW_RANK_SUFFIX.down);
  const up = weights.get(name + LOW_RANK_SUFFIX.up);
  return down && up && { down, up };
}
