/** How the autoencoder cuts pictures that are too large for one run: into strips of whole rows of latents. */

import type { VaeConfig } from '../../config/config.ts';
import type { Size } from '../../pictures/image.ts';
import { rowsAtOnce } from '../diffusion/attention-parts.ts';

/**
 * No buffer on the device is larger than this unless it is asked for: half of what every WebGPU device can bind at once,
 * because engines round sizes up. It is also about where a single run begins to be less exact than strips are: the
 * engine's norms sum up a whole picture in float32.
 */
export const MAX_BUFFER_BYTES = 64 * 2 ** 20;

const FLOAT_BYTES = 4;
/** Convolutions see one row beyond a strip on either side. */
const HALO_ROWS = 2;

/** The pieces of a picture. */
export interface StripPlan {
  /** Rows of latents in each strip, from top to bottom, as equal as can be. */
  readonly rows: readonly number[];
  /** How many pixels of the lowest resolution look at all others in one run. */
  readonly queries: number;
}

/** What a single run is kept within. */
export interface StripBounds {
  readonly maxBufferBytes?: number;
  /** Most of one attention; see `attention-parts.ts`. */
  readonly attentionWork?: number;
}

/**
 * The plan for a picture of `latents` latent pixels.
 * @returns undefined if it can be worked on whole, and wherever buffers have no bound
 */
export function planStrips(
  config: VaeConfig,
  latents: Size,
  { maxBufferBytes = MAX_BUFFER_BYTES, attentionWork = Number.POSITIVE_INFINITY }: StripBounds = {},
): StripPlan | undefined {
  if (maxBufferBytes === Number.POSITIVE_INFINITY) return undefined;
  const pixels = latents.width * latents.height;
  const channels = config.blockOutChannels[config.blockOutChannels.length - 1];
  const byMemory = Math.floor(maxBufferBytes / (pixels * FLOAT_BYTES));
  const queries = Math.max(1, Math.min(byMemory, rowsAtOnce(attentionWork, channels, pixels)));
  const whole = largestMapBytes(config, latents.width, latents.height, 0);
  if (whole <= maxBufferBytes && queries === pixels) return undefined;
  let most = latents.height;
  while (most > 1 && largestMapBytes(config, latents.width, most, HALO_ROWS) > maxBufferBytes) most--;
  const count = Math.ceil(latents.height / most);
  return {
    rows: Array.from({ length: count }, (_, i) => share(latents.height, count, i)),
    queries,
  };
}

/** The size of the largest feature map of encoder and decoder, for `rows` rows of latents. */
function largestMapBytes(
  { blockOutChannels, downscaleFactor }: VaeConfig,
  width: number,
  rows: number,
  haloRows: number,
): number {
  const sizes = blockOutChannels.map((channels, level) => {
    // On its way up, a map has the channels of the resolution below until the first block.
    const widest = Math.max(channels, blockOutChannels[level + 1] ?? 0);
    const factor = downscaleFactor / 2 ** level;
    return widest * width * factor * (rows * factor + haloRows) * FLOAT_BYTES;
  });
  return Math.max(...sizes);
}

/** The size of part `index` when `total` is cut into `count` nearly equal parts. */
function share(total: number, count: number, index: number): number {
  return Math.floor(((index + 1) * total) / count) - Math.floor((index * total) / count);
}
