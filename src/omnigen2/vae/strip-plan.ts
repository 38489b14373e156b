/** Splits pictures that are too large for one run of the VAE into strips of whole rows of latents. */

import type { VaeConfig } from '../../config/config.ts';
import type { Size } from '../../pictures/image.ts';
import { rowsAtOnce } from '../diffusion/attention-parts.ts';

/**
 * Default limit of a buffer on the device: half of what every WebGPU device can bind, because engines round
 * sizes up. Above about this size, one run is less exact than strips: the engine's norms sum a whole picture
 * in float32.
 */
export const MAX_BUFFER_BYTES = 64 * 2 ** 20;

const FLOAT_BYTES = 4;
/** Convolutions read one row above and one below a strip. */
const HALO_ROWS = 2;

export interface StripPlan {
  /** Rows of latents in each strip, from top to bottom. They differ by at most one. */
  readonly rows: readonly number[];
  /** Queries in one run of the attention at the lowest resolution. */
  readonly queries: number;
}

/** Limits of one run. */
export interface StripLimits {
  /** Default: {@link MAX_BUFFER_BYTES}. Infinity disables strips. */
  readonly maxBufferBytes?: number;
  /** Limit of one attention run; see `attention-parts.ts`. Default: none. */
  readonly attentionWork?: number;
}

/**
 * Plans the strips of a picture.
 * @param latents its size in latent pixels
 * @returns undefined if one run is enough or if buffers have no limit
 */
export function planStrips(
  config: VaeConfig,
  latents: Size,
  { maxBufferBytes = MAX_BUFFER_BYTES, attentionWork = Number.POSITIVE_INFINITY }: StripLimits = {},
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

/** Bytes of the largest feature map of encoder and decoder for `rows` rows of latents. */
function largestMapBytes(
  { blockOutChannels, downscaleFactor }: VaeConfig,
  width: number,
  rows: number,
  haloRows: number,
): number {
  const sizes = blockOutChannels.map((channels, level) => {
    // In the decoder, a map has the channels of the lower resolution up to its first block.
    const widest = Math.max(channels, blockOutChannels[level + 1] ?? 0);
    const factor = downscaleFactor / 2 ** level;
    return widest * width * factor * (rows * factor + haloRows) * FLOAT_BYTES;
  });
  return Math.max(...sizes);
}

/** The size of part `index` of `total` in `count` nearly equal parts. */
function share(total: number, count: number, index: number): number {
  return Math.floor(((index + 1) * total) / count) - Math.floor((index * total) / count);
}
