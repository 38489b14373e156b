/**
 * Latents to the transformer's patches and back: `c (h p) (w q) -> (h w) (p q c)`, the channel fastest.
 * Source: OmniGen2 `transformer_omnigen2.py`, OmniGen2Transformer2DModel.flat_and_pad_to_seq and forward
 */

import { OmniError } from '../../errors.ts';
import type { Latents } from './latents.ts';

/** Size of a picture in patches of the transformer or the vision tower. */
export interface PatchGrid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The patch grid of latents.
 * @throws OmniError `bad_request` if a side does not divide into patches
 */
export function patchGrid(
  { height, width }: { height: number; width: number },
  patchSize: number,
): PatchGrid {
  if (height % patchSize !== 0 || width % patchSize !== 0 || height === 0 || width === 0) {
    throw new OmniError({
      code: 'bad_request',
      message: `Latents of ${height} x ${width} do not divide into patches of ${patchSize} x ${patchSize}.`,
      action: 'Choose a picture whose sides are multiples of 16.',
    });
  }
  return { rows: height / patchSize, columns: width / patchSize };
}

export function rowsOf({ rows, columns }: PatchGrid): number {
  return rows * columns;
}

/** Latents `[C, H, W]` to patches `[rows * columns, patchSize^2 * C]`. */
export function patchify(latents: Latents, patchSize: number): Float32Array {
  const { channels, height, width, data } = latents;
  const { columns } = patchGrid(latents, patchSize);
  if (data.length !== channels * height * width) {
    throw new Error(`latents have ${data.length} values instead of ${channels * height * width}`);
  }
  const patches = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    let from = channel * height * width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        patches[patchIndex(y, x, columns, patchSize) * channels + channel] = data[from++];
      }
    }
  }
  return patches;
}

/** Patches `[rows * columns, patchSize^2 * channels]` back to latents. */
export function unpatchify(
  patches: Float32Array,
  channels: number,
  { rows, columns }: PatchGrid,
  patchSize: number,
): Latents {
  const [height, width] = [rows * patchSize, columns * patchSize];
  const data = new Float32Array(channels * height * width);
  if (patches.length !== data.length) {
    throw new Error(`patches have ${patches.length} values instead of ${data.length}`);
  }
  for (let channel = 0; channel < channels; channel++) {
    let to = channel * height * width;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data[to++] = patches[patchIndex(y, x, columns, patchSize) * channels + channel];
      }
    }
  }
  return { channels, height, width, data };
}

/** Index of a latent pixel in the patches, counted in pixels. */
function patchIndex(y: number, x: number, columns: number, patchSize: number): number {
  const patch = Math.floor(y / patchSize) * columns + Math.floor(x / patchSize);
  return (patch * patchSize + (y % patchSize)) * patchSize + (x % patchSize);
}
