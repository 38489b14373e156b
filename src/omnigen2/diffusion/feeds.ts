/**
 * Feeds of the transformer's graphs: patches, rotary angles, and where the rows of each guidance branch are.
 */

import type { TransformerConfig } from '../../config/config.ts';
import type { HostTensor, ResidentTensor } from '../../runtime/types.ts';
import { float32Tensor, int32Tensor, int64Tensor } from '../host-tensors.ts';
import type { Latents } from './latents.ts';
import { patchGrid, patchify, rowsOf } from './patches.ts';
import type { RotaryTable } from './rope.ts';
import type { Uploads } from './uploads.ts';

/** The rows of one joint stream. The noise rows are the last ones. */
export interface BranchRows {
  /** All rows: context, references, noise. */
  readonly rows: number;
  readonly noiseRows: number;
  /** Angles of all rows. */
  readonly rope: RotaryTable;
}

/** Latents as patches `[rows, patch]`. */
export function patchFeed({ patchSize, inChannels }: TransformerConfig, latents: Latents): HostTensor {
  const rows = rowsOf(patchGrid(latents, patchSize));
  return float32Tensor([rows, patchSize ** 2 * inChannels], patchify(latents, patchSize));
}

/** The patches of a picture that is the same at every step. */
export function uploadPatches(
  uploads: Uploads,
  { patchSize, inChannels }: TransformerConfig,
  latents: Latents,
): Promise<ResidentTensor> {
  return uploads.tensor([latents.data], patchSize ** 2 * inChannels, () => patchify(latents, patchSize));
}

/** Cosines and sines `[rows, headDim / 2]`. */
export function ropeFeeds({ rows, cosines, sines }: RotaryTable) {
  const width = cosines.length / rows;
  return { cosines: float32Tensor([rows, width], cosines), sines: float32Tensor([rows, width], sines) };
}

/** Cosines and sines `[rows, headDim / 2]` of tables one after another, on the device. */
export async function uploadRope(uploads: Uploads, tables: readonly RotaryTable[]) {
  const width = tables[0].cosines.length / tables[0].rows;
  const all = (which: 'cosines' | 'sines') =>
    uploads.tensor(
      tables.map((table) => table[which]),
      width,
    );
  return { cosines: await all('cosines'), sines: await all('sines') };
}

/** Angles, noise rows and lengths of branches that are packed one after another into one stream. */
export async function packedFeeds(uploads: Uploads, branches: readonly BranchRows[]) {
  let end = 0;
  const noiseRows = branches.flatMap((branch) => {
    end += branch.rows;
    const first = end - branch.noiseRows;
    return Array.from({ length: branch.noiseRows }, (_, i) => first + i);
  });
  return {
    ...(await uploadRope(
      uploads,
      branches.map(({ rope }) => rope),
    )),
    noise_rows: int32Tensor(noiseRows),
    joint_lengths: int64Tensor(branches.map(({ rows }) => rows)),
    noise_lengths: int64Tensor(branches.map(({ noiseRows }) => noiseRows)),
  };
}
