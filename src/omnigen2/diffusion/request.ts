/** What the diffusion transformer is asked, and the parts of a request that are known before any graph runs. */

import { MAX_REFERENCES, type TransformerConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { HostTensor } from '../../runtime/types.ts';
import { float32Tensor } from '../float32.ts';
import type { Latents } from './latents.ts';
import { type PatchGrid, patchGrid, patchify } from './patches.ts';
import { type RotaryTable, tableRows } from './rope.ts';
import type { RotaryTables } from './rotary-tables.ts';
import { timestepSinusoid } from './timestep.ts';

/** What a branch of guidance sees beside the noisy picture. */
export interface Condition {
  /** From `Transformer.context`: `[L, D]`. */
  readonly context: Float32Array;
  /** Latents of the reference pictures, the first is "image 1". */
  readonly references: readonly Latents[];
}

/** The noisy picture at one time. */
export interface NoisyPicture {
  /** Noisy latents; both sides are multiples of the patch size. */
  readonly latents: Latents;
  /** 0 (noise) to 1 (picture). */
  readonly timestep: number;
}

/** What one prediction is made from. */
export interface PredictRequest extends NoisyPicture, Condition {}

/** What the predictions of all branches of a step are made from. */
export interface StepRequest<Branch extends Condition = Condition> extends NoisyPicture {
  readonly branches: readonly Branch[];
}

/** The sequence of one branch: text, references, noisy picture. */
export interface BranchSequence extends Condition {
  /** Rows before the noisy picture. */
  readonly prefixRows: number;
  readonly rows: number;
  /** Angles of all rows. */
  readonly rope: RotaryTable;
  /** Angles of the rows of each reference. */
  readonly referenceRopes: readonly RotaryTable[];
}

/** A step before any graph has run. */
export interface PlannedStep {
  readonly timestep: number;
  /** The noisy picture's patches `[noise, patch]`. */
  readonly patches: HostTensor;
  readonly grid: PatchGrid;
  /** `[1, timestepFrequencyDim]` */
  readonly sinusoid: HostTensor;
  readonly branches: readonly BranchSequence[];
  /** Angles of the noisy rows, as the first branch has them. */
  readonly noiseRope: RotaryTable;
}

/** @throws OmniError `bad_request` if there are more pictures than the model has index embeddings for */
export function checkReferences(references: readonly unknown[]): void {
  if (references.length <= MAX_REFERENCES) return;
  throw new OmniError({
    code: 'bad_request',
    message: `There are ${references.length} reference pictures; the model knows at most ${MAX_REFERENCES}.`,
    action: `Remove ${references.length - MAX_REFERENCES} of them.`,
  });
}

/** @throws OmniError `bad_request` for more than five references, or latents that do not divide into patches */
export function planStep(
  config: TransformerConfig,
  tables: RotaryTables,
  { latents, timestep, branches }: StepRequest,
): PlannedStep {
  const { hiddenSize, patchSize, timestepScale, timestepFrequencyDim } = config;
  const grid = patchGrid(latents, patchSize);
  const sequences = branches.map((branch): BranchSequence => {
    checkReferences(branch.references);
    const textRows = branch.context.length / hiddenSize;
    const references = branch.references.map((reference) => patchGrid(reference, patchSize));
    const rope = tables.of({ textRows, pictures: [...references, grid] });
    let prefixRows = textRows;
    const referenceRopes = references.map((reference) => {
      const from = prefixRows;
      prefixRows += rowsOf(reference);
      return tableRows(rope, from, prefixRows);
    });
    return { ...branch, prefixRows, rows: rope.rows, rope, referenceRopes };
  });
  const [first] = sequences;
  const values = timestepSinusoid(timestep, timestepScale, timestepFrequencyDim);
  return {
    timestep,
    patches: patchTensor(config, latents),
    grid,
    sinusoid: float32Tensor([1, timestepFrequencyDim], values),
    branches: sequences,
    noiseRope: tableRows(first.rope, first.prefixRows, first.rows),
  };
}

/** Latents as patches `[rows, patch]`. */
export function patchTensor({ patchSize, inChannels }: TransformerConfig, latents: Latents): HostTensor {
  const rows = rowsOf(patchGrid(latents, patchSize));
  return float32Tensor([rows, patchSize ** 2 * inChannels], patchify(latents, patchSize));
}

export function rowsOf({ rows, columns }: PatchGrid): number {
  return rows * columns;
}
