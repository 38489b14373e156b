/** Previews during denoising. */

import type { RgbImage } from '../../pictures/image.ts';
import type { Latents } from '../diffusion/latents.ts';
import { toRgbImage } from '../pixels.ts';
import type { Vae } from './vae.ts';

/** The longest side of a preview in latent pixels, so that decoding is cheap at any size. */
const MAX_PREVIEW_SIDE = 32;

/**
 * Decodes a preview: the straight line from `latents` along `velocity` to the end, averaged down to at most
 * 32 latent pixels a side.
 * @param timestep of the prediction of `velocity`, 0 (noise) to 1 (picture)
 */
export async function previewPicture(
  vae: Vae,
  latents: Latents,
  velocity: Float32Array,
  timestep: number,
): Promise<RgbImage> {
  const end = latents.data.map((x, i) => x + (1 - timestep) * velocity[i]);
  const factor = Math.ceil(Math.max(latents.height, latents.width) / MAX_PREVIEW_SIDE);
  return toRgbImage(await vae.decode(vae.fromTransformer(averagePool({ ...latents, data: end }, factor))));
}

/**
 * Means of blocks of `factor x factor` latent pixels. Drops incomplete blocks at the right and bottom edges.
 */
function averagePool(latents: Latents, factor: number): Latents {
  if (factor === 1) return latents;
  const { channels } = latents;
  const height = Math.max(1, Math.floor(latents.height / factor));
  const width = Math.max(1, Math.floor(latents.width / factor));
  const data = new Float32Array(channels * height * width);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let dy = 0; dy < factor; dy++) {
          const row = (channel * latents.height + y * factor + dy) * latents.width + x * factor;
          for (let dx = 0; dx < factor; dx++) sum += latents.data[row + dx];
        }
        data[to++] = sum / factor ** 2;
      }
    }
  }
  return { channels, height, width, data };
}
