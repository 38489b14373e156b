/** A picture of a conversation whose patches are computed when they are needed. */

import type { PreprocessorConfig } from '../../config/config.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { PatchGrid } from '../diffusion/patches.ts';
import { visionSize } from '../sizes.ts';
import { type PromptImage, visionPatches } from './vision-patches.ts';

/**
 * Keeps the picture and computes its patches on each access: those of a photograph take hundreds of
 * megabytes.
 */
export class LazyPromptImage implements PromptImage {
  readonly image: RgbImage;
  readonly grid: PatchGrid;
  readonly #config: PreprocessorConfig;

  /**
   * @param name how messages name the picture
   * @throws OmniError `bad_image` for a picture that is too small or too narrow
   */
  constructor(image: RgbImage, config: PreprocessorConfig, name: string) {
    const { width, height } = visionSize(image, config, name);
    this.image = image;
    this.grid = { rows: height / config.patchSize, columns: width / config.patchSize };
    this.#config = config;
  }

  get patches(): Float32Array {
    return visionPatches(this.image, this.#config).patches;
  }
}
