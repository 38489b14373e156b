/** A picture of a conversation, as the language model is shown it. */

import type { PreprocessorConfig } from '../../config/config.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { PatchGrid } from '../diffusion/patches.ts';
import { visionSize } from '../sizes.ts';
import type { PromptImage } from './mllm.ts';
import { visionPatches } from './vision-patches.ts';

/** Its patches are made anew whenever they are read: those of a photograph take hundreds of megabytes. */
export class LazyPromptImage implements PromptImage {
  readonly image: RgbImage;
  readonly grid: PatchGrid;
  readonly #config: PreprocessorConfig;

  /** @throws OmniError `bad_image` for a picture that the model cannot look at; `name` is what it calls it */
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
