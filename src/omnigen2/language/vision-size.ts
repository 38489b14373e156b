/** The size at which the vision tower gets a picture, per backend and model. */

import type { PreprocessorConfig } from '../../config/config.ts';
import type { Size } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import { visionSize } from '../sizes.ts';
import { RELEASED_MODEL_SIDE } from '../trained-size.ts';

/**
 * The most pixels of a picture on WebAssembly: 1,300 tokens. Time and memory grow with the square of the
 * pixels there, and a photograph of 12 megapixels has 16,000 tokens.
 */
export const WASM_VISION_PIXELS = 1024 * 1024;

type VisionModel = Pick<OmniGen2Model, 'config' | 'checkpoint' | 'runtime'>;

/**
 * The checkpoint's preprocessor with a lower limit of pixels on WebAssembly, and for models that were trained
 * on smaller pictures than the released one: on larger pictures they see things that are not there.
 * @param official whether to keep the checkpoint's limit
 */
export function visionPreprocessor(model: VisionModel, official = false): PreprocessorConfig {
  const { preprocessor } = model.config;
  if (official) return preprocessor;
  const { maxPixels } = preprocessor;
  const trained = trainedPixels(model) ?? maxPixels;
  const affordable = model.runtime.backend === 'wasm' ? WASM_VISION_PIXELS : maxPixels;
  return { ...preprocessor, maxPixels: Math.min(maxPixels, trained, affordable) };
}

/** The notes of {@link visionSizeNote} for several pictures. */
export function visionSizeNotes(model: VisionModel, pictures: readonly Size[]): string[] {
  return pictures.flatMap((picture, i) => visionSizeNote(model, picture, `Picture ${i + 1}`) ?? []);
}

/**
 * A note for a picture that the vision tower gets at a smaller size than the checkpoint would allow.
 * @param name how the note names the picture
 * @throws OmniError `bad_image` for a picture that is too small or too narrow
 */
export function visionSizeNote(model: VisionModel, picture: Size, name: string): string | undefined {
  const { width, height } = visionSize(picture, visionPreprocessor(model), name);
  const full = visionSize(picture, model.config.preprocessor, name);
  if (width === full.width && height === full.height) return undefined;
  const why =
    trainedPixels(model) === undefined
      ? `${full.width} × ${full.height} would take too long without a GPU`
      : 'this model was not trained on larger pictures';
  return `${name} was resized to ${width} × ${height} pixels for the language model: ${why}.`;
}

/** The pixels that the vision tower had of the training pictures; undefined if it was trained on any size. */
function trainedPixels({ config: { preprocessor }, checkpoint }: VisionModel): number | undefined {
  const { side } = checkpoint.trainedOn;
  if (side >= RELEASED_MODEL_SIDE) return undefined;
  const shortest = preprocessor.patchSize * preprocessor.mergeSize;
  const { width, height } = visionSize(
    { width: Math.max(side, shortest), height: Math.max(side, shortest) },
    preprocessor,
  );
  return width * height;
}
