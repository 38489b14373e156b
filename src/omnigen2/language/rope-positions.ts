/**
 * Rotary positions of the language model on three axes: time, row and column. They are equal for text and
 * differ for pictures.
 * Source: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`, get_rope_index, Qwen2_5_VLRotaryEmbedding
 * and apply_multimodal_rotary_pos_emb.
 */

import type { LanguageConfig, MllmConfig, VisionConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { PatchGrid } from '../diffusion/patches.ts';

export interface RopePositions {
  /** `[3, L]`: time, row and column of each token. */
  readonly ids: Int32Array;
  /** The position of a later token, on all three axes, is its index plus this. */
  readonly delta: number;
}

/** Image tokens of a picture: one per merged cell. */
export function imageTokenCount({ rows, columns }: PatchGrid, { spatialMergeSize }: VisionConfig): number {
  return (rows / spatialMergeSize) * (columns / spatialMergeSize);
}

/**
 * Positions of a prompt or of a part of one, with one image token per merged cell.
 *
 * Text advances by one per token. The tokens of a picture share one time; their rows and columns count merged
 * cells from the same value; text continues after the largest of them. Without pictures, image tokens are
 * ordinary tokens.
 * @param start the position of the first token
 * @throws OmniError `bad_request` if the image tokens do not fit the pictures
 */
export function ropePositions(
  ids: ArrayLike<number>,
  images: readonly PatchGrid[],
  { imageTokenId, vision }: Pick<MllmConfig, 'imageTokenId' | 'vision'>,
  start = 0,
): RopePositions {
  const length = ids.length;
  const positions = new Int32Array(3 * length);
  let next = start;
  let image = 0;
  for (let at = 0; at < length; ) {
    if (images.length === 0 || ids[at] !== imageTokenId) {
      for (const axis of [0, 1, 2]) positions[axis * length + at] = next;
      next++;
      at++;
      continue;
    }
    const grid = images[image++];
    if (!grid) throw mismatch(`it has more image tokens than its ${images.length} pictures need`);
    const rows = grid.rows / vision.spatialMergeSize;
    const columns = grid.columns / vision.spatialMergeSize;
    for (let cell = 0; cell < rows * columns; cell++, at++) {
      if (ids[at] !== imageTokenId) {
        throw mismatch(`picture ${image} needs ${rows * columns} consecutive image tokens and has ${cell}`);
      }
      positions[at] = next;
      positions[length + at] = next + Math.floor(cell / columns);
      positions[2 * length + at] = next + (cell % columns);
    }
    next += Math.max(rows, columns);
  }
  if (image !== images.length)
    throw mismatch(`it has image tokens for ${image} of its ${images.length} pictures`);
  return { ids: positions, delta: next - start - length };
}

/**
 * Rotary tables `[L, D / 2]` of positions `[3, L]`. Sections of the half dimension use time, row and column.
 * Angles are rounded to float32, as in the official code.
 */
export function ropeTables(
  positions: Int32Array,
  { headDim, ropeTheta, mropeSection }: LanguageConfig,
): { cos: Float32Array; sin: Float32Array } {
  const half = headDim / 2;
  const length = positions.length / 3;
  const frequencies = Float32Array.from({ length: half }, (_, i) => 1 / ropeTheta ** (i / half));
  const axes = mropeSection.flatMap((size, axis) => Array<number>(size).fill(axis));
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let token = 0; token < length; token++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(positions[axes[i] * length + token] * frequencies[i]);
      cos[token * half + i] = Math.cos(angle);
      sin[token * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

function mismatch(why: string): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: `The prompt does not fit its pictures: ${why}.`,
    action: 'Remove special tokens such as <|image_pad|> from the prompt.',
  });
}
