/** Requests to the diffusion transformer, and the layout of their token streams. */

import { MAX_REFERENCES, type TransformerConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { BranchRows } from './feeds.ts';
import type { Latents } from './latents.ts';
import { type PatchGrid, patchGrid, rowsOf } from './patches.ts';
import { type RotaryTable, tableRows } from './rope.ts';
import type { RotaryTables } from './rotary-tables.ts';
import type { Uploads } from './uploads.ts';

/** What one guidance branch is conditioned on. */
export interface Condition {
  /** From `Transformer.context`: `[L, D]`. */
  readonly context: Float32Array;
  /** Latents of the reference pictures; the first is "image 1". */
  readonly references: readonly Latents[];
}

/** Noise latents at one timestep. */
export interface NoiseLatents {
  /** Both sides are multiples of the patch size. */
  readonly latents: Latents;
  /** 0 (noise) to 1 (picture). */
  readonly timestep: number;
}

/** The request of one prediction. */
export interface PredictRequest extends NoiseLatents, Condition {}

/** The predictions of all guidance branches of a step. */
export interface StepRequest<Branch extends Condition = Condition> extends NoiseLatents {
  readonly branches: readonly Branch[];
  /** Uploads of the steps before. Default: they end with this step. */
  readonly uploads?: Uploads;
}

/** One reference of a step. Guidance branches with the same latents in the same place share it. */
export interface StepReference {
  readonly latents: Latents;
  /** Counts the references of a branch from 0. */
  readonly index: number;
  readonly rope: RotaryTable;
}

/** The layout of a step, before any graph has run. */
export interface StepLayout {
  readonly grid: PatchGrid;
  /** Angles of the noise rows, as the first branch has them. */
  readonly noiseRope: RotaryTable;
  /** The distinct references of all branches. */
  readonly references: readonly StepReference[];
  readonly branches: readonly BranchLayout[];
}

/** The joint stream of one branch. */
export interface BranchLayout extends BranchRows {
  readonly context: Float32Array;
  /** Indices into {@link StepLayout.references}. */
  readonly references: readonly number[];
}

/** @throws OmniError `bad_request` if there are more references than the model has index embeddings for */
export function checkReferences(references: readonly unknown[]): void {
  if (references.length <= MAX_REFERENCES) return;
  throw new OmniError({
    code: 'bad_request',
    message: `There are ${references.length} reference pictures; the model knows at most ${MAX_REFERENCES}.`,
    action: `Remove ${references.length - MAX_REFERENCES} of them.`,
  });
}

/**
 * @throws OmniError `bad_request` for more than five references, or latents that do not divide into patches
 */
export function layOutStep(
  { hiddenSize, patchSize }: TransformerConfig,
  tables: RotaryTables,
  { latents, branches }: Pick<StepRequest, 'latents' | 'branches'>,
): StepLayout {
  const grid = patchGrid(latents, patchSize);
  const references: StepReference[] = [];
  const layouts = branches.map((branch): BranchLayout => {
    checkReferences(branch.references);
    const textRows = branch.context.length / hiddenSize;
    const grids = branch.references.map((reference) => patchGrid(reference, patchSize));
    const rope = tables.of({ textRows, pictures: [...grids, grid] });
    let end = textRows;
    const own = branch.references.map((reference, index) => {
      const start = end;
      end += rowsOf(grids[index]);
      const known = references.findIndex((each) => each.latents === reference && each.index === index);
      if (known >= 0) return known;
      return references.push({ latents: reference, index, rope: tableRows(rope, start, end) }) - 1;
    });
    return { context: branch.context, references: own, rows: rope.rows, noiseRows: rowsOf(grid), rope };
  });
  const [{ rope, rows, noiseRows }] = layouts;
  return { grid, noiseRope: tableRows(rope, rows - noiseRows, rows), references, branches: layouts };
}
