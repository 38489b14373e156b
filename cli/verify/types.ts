/** Types of goldens, and of the result of checking them. */

import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import type { RgbImage } from '../../src/pictures/image.ts';

/**
 * A value passes if `|got - want| <= abs + rel * |want|`. A tensor passes if all its values do. With `norm`,
 * it passes if the norm of `got - want` is at most `norm` times the norm of `want`.
 */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
  readonly norm?: number;
}

/** A tensor of a case file. */
export interface GoldenTensor {
  readonly dtype: 'F32' | 'I32' | 'U8';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** One case of a goldens folder, with its tensors in memory. */
export interface GoldenCase {
  readonly id: string;
  readonly kind: string;
  /** The official file, and the class or function whose outputs are recorded. */
  readonly source: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly tolerance: Tolerance;
  /** The relative norm of the error that 4-bit weights may cause. */
  readonly q4?: number;
  /** Inputs and outputs by name. Empty if all values are in `params` and `expected`. */
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

/** The result of comparing one output of a case. */
export interface Comparison {
  readonly name: string;
  /** Largest absolute difference; 0 or 1 for exact values. */
  readonly maxAbsError: number;
  readonly ok: boolean;
  /** Position of the largest error, with both values. */
  readonly where?: string;
  /** The unit of the values, if the case's tolerance does not apply to it. */
  readonly unit?: string;
}

export interface VerifyContext {
  /** Absolute path of the goldens folder. */
  readonly folder: string;
  /** Decodes an input picture, by its path in the folder. */
  readImage(path: string): Promise<RgbImage>;
  /** The folder's checkpoint on the chosen backend. Opened on first use. */
  model(): Promise<OmniGen2Model>;
}

/** Checks one case. Must compare every output that the case lists. */
export type KindRunner = (golden: GoldenCase, context: VerifyContext) => Promise<Comparison[]>;
