/** A picture of a conversation, as the language model is shown it. */

import type { PreprocessorConfig } from './config.ts';
import type { RgbImage } from './images/image.ts';
import { visionPatches } from './images/prepare.ts';
import { visionSize } from './images/sizes.ts';
import type { PromptImage } from './mllm.ts';
import type { PatchGrid } from './patches.ts';

/** Its patches are made anew whenever they are read: those of a photograph take hundreds of megabytes. */
export class ShownPicture implements PromptImage {
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
