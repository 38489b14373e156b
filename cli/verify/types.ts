/** What a goldens folder holds, and what a check of one of its cases gives. */

import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import type { RgbImage } from '../../src/pictures/image.ts';

/** `|got - want| <= abs + rel * |want|`. */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

/** A tensor of a case file. */
export interface GoldenTensor {
  readonly dtype: 'F32' | 'I32' | 'U8';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** One case of a goldens folder, its tensors read. */
export interface GoldenCase {
  readonly id: string;
  readonly kind: string;
  /** Official file and class or function that it records. */
  readonly source: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly tolerance: Tolerance;
  /** Inputs and outputs by name; empty if all values are JSON. */
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

/** The outcome of comparing one value of a case. */
export interface Comparison {
  readonly name: string;
  /** Largest absolute difference; 0 or 1 for exact values. */
  readonly maxAbsError: number;
  readonly ok: boolean;
  /** Where the largest error is, and the two values there. */
  readonly where?: string;
  /** What the values count, where it is not what the case's tolerance is meant for. */
  readonly unit?: string;
}

export interface VerifyContext {
  /** Absolute path of the goldens folder. */
  readonly folder: string;
  /** Reads an input picture by its path in the folder. */
  readImage(path: string): Promise<RgbImage>;
  /** The checkpoint of the folder on the chosen backend; opened on first use. */
  model(): Promise<OmniGen2Model>;
}

/** Checks one case; every output that the case lists must be compared. */
export type KindRunner = (golden: GoldenCase, context: VerifyContext) => Promise<Comparison[]>;
