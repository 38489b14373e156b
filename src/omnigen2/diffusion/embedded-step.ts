/** A step of the transformer between its parts. */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { BranchRows } from './feeds.ts';
import type { PatchGrid } from './patches.ts';
import type { Uploads } from './uploads.ts';

/** A step before the first main layer. The caller disposes it. */
export interface EmbeddedStep {
  /** The noise rows `[noise, D]`, the same in every branch. */
  readonly noise: ResidentTensor;
  /** The activated timestep embedding `[1, T]`. */
  readonly activated: ResidentTensor;
  readonly grid: PatchGrid;
  readonly branches: readonly EmbeddedBranch[];
  readonly uploads: Uploads;
  dispose(): void;
}

/** One guidance branch of an embedded step. */
export interface EmbeddedBranch extends BranchRows {
  /** Context, references and noise `[joint, D]`. */
  readonly stream: ResidentTensor;
}

/** The signal of TeaCache at a step. */
export interface Signal {
  /** The modulated input of the first layer `[joint, D]`. The caller disposes it. */
  readonly signal: ResidentTensor;
  /**
   * Change since the previous signal, if there was one: mean of |signal - previous|, and mean of |previous|.
   */
  readonly change?: { readonly difference: number; readonly size: number };
}
