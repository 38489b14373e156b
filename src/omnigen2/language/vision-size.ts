/** How large a picture is when the language model looks at it. */

import type { PreprocessorConfig } from '../../config/config.ts';
import type { Size } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import { visionSize } from '../sizes.ts';
import { RELEASED_MODEL_SIDE } from '../trained-size.ts';

/**
 * Pixels that a model on WebAssembly looks at: 1,300 tokens. Time and memory grow with the square of the pixels there, and
 * a photograph of 12 megapixels has 16,000 tokens.
 */
export const WASM_VISION_PIXELS = 1024 * 1024;

type Looking = Pick<OmniGen2Model, 'config' | 'checkpoint' | 'runtime'>;

/**
 * The rule by which pictures are prepared: the checkpoint's, with a bound on WebAssembly and where the model has learnt
 * smaller pictures than the released one, for beyond them it sees what is not there. `official` has no bound.
 */
export function visionPreprocessor(model: Looking, official = false): PreprocessorConfig {
  const { preprocessor } = model.config;
  if (official) return preprocessor;
  const { maxPixels } = preprocessor;
  const learnt = learntPixels(model) ?? maxPixels;
  const bearable = model.runtime.backend === 'wasm' ? WASM_VISION_PIXELS : maxPixels;
  return { ...preprocessor, maxPixels: Math.min(maxPixels, learnt, bearable) };
}

/** What a person is told of the pictures that words are about. @throws OmniError see {@link visionSizeNote} */
export function visionSizeNotes(model: Looking, pictures: readonly Size[]): string[] {
  return pictures.flatMap((picture, i) => visionSizeNote(model, picture, `Picture ${i + 1}`) ?? []);
}

/**
 * What a person is told of a picture that is looked at smaller than the checkpoint's rule has it.
 * @throws OmniError `bad_image` for a picture that the model cannot look at; `name` is what it calls it
 */
export function visionSizeNote(model: Looking, picture: Size, name: string): string | undefined {
  const { width, height } = visionSize(picture, visionPreprocessor(model), name);
  const whole = visionSize(picture, model.config.preprocessor, name);
  if (width === whole.width && height === whole.height) return undefined;
  const why =
    learntPixels(model) === undefined
      ? `${whole.width} x ${whole.height} take too long without a GPU`
      : 'this model has learnt to look at no larger ones';
  return `${name} was looked at in ${width} x ${height} pixels: ${why}.`;
}

/** The pixels of the pictures that a small model was trained on, as its vision tower saw them. */
function learntPixels({ config: { preprocessor }, checkpoint }: Looking): number | undefined {
  const { side } = checkpoint.trainedOn;
  // The released model has learnt to look at pictures of any size.
  if (side >= RELEASED_MODEL_SIDE) return undefined;
  const shortest = preprocessor.patchSize * preprocessor.mergeSize;
  const { width, height } = visionSize(
    { width: Math.max(side, shortest), height: Math.max(side, shortest) },
    preprocessor,
  );
  return width * height;
}
