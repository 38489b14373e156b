/**
 * Positions of the language model: three axes (time, row, column) that agree for text and differ for pictures.
 * Source: transformers `models/qwen2_5_vl/modeling_qwen2_5_vl.py`, get_rope_index, Qwen2_5_VLRotaryEmbedding and
 * apply_multimodal_rotary_pos_emb.
 */

import type { LanguageConfig, MllmConfig, VisionConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { PatchGrid } from '../diffusion/patches.ts';

/** The positions of one prompt. */
export interface RopePositions {
  /** `[3, L]`: time, row and column of each token. */
  readonly ids: Int32Array;
  /** Added to a later token's index to give its position on all three axes. */
  readonly delta: number;
}

/** How many tokens a picture takes up: one per merged cell. */
export function imageTokenCount({ rows, columns }: PatchGrid, { spatialMergeSize }: VisionConfig): number {
  return (rows / spatialMergeSize) * (columns / spatialMergeSize);
}

/**
 * Positions of a prompt, or of a part of one, whose pictures' tokens are already written out.
 *
 * Text counts on by one. The tokens of a picture share one time; rows and columns count its merged cells from the same
 * value; text goes on after the largest of them. A prompt without pictures is all text: an image token that someone
 * typed is then a word like any other.
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
    if (!grid) throw misfit(`it has more image tokens than its ${images.length} pictures give`);
    const rows = grid.rows / vision.spatialMergeSize;
    const columns = grid.columns / vision.spatialMergeSize;
    for (let cell = 0; cell < rows * columns; cell++, at++) {
      if (ids[at] !== imageTokenId) {
        throw misfit(`picture ${image} needs ${rows * columns} image tokens in a row and has ${cell}`);
      }
      positions[at] = next;
      positions[length + at] = next + Math.floor(cell / columns);
      positions[2 * length + at] = next + (cell % columns);
    }
    next += Math.max(rows, columns);
  }
  if (image !== images.length)
    throw misfit(`it has image tokens for ${image} of its ${images.length} pictures`);
  return { ids: positions, delta: next - start - length };
}

/**
 * Rotary tables `[L, D / 2]` of positions `[3, L]`. The half-dimension is split into sections that follow time, row
 * and column. Angles are rounded to float32 as in the official code.
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

function misfit(why: string): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: `The prompt does not fit its pictures: ${why}.`,
    action: 'Leave the text of special tokens such as <|image_pad|> out of the prompt.',
  });
}
