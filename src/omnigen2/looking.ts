/** How large a picture is when the language model looks at it. */

import type { PreprocessorConfig } from './config.ts';
import { type Size, visionSize } from './images/sizes.ts';
import type { OmniGen2Model } from './model.ts';

/**
 * Pixels that a model on WebAssembly looks at: 1,300 tokens. Time and memory grow with the square of the pixels there, and
 * a photograph of 12 megapixels has 16,000 tokens.
 */
export const WASM_LOOK_PIXELS = 1024 * 1024;

type Looking = Pick<OmniGen2Model, 'config' | 'runtime'>;

/** The rule by which pictures are prepared: the checkpoint's, on WebAssembly with a bound unless it is to be `official`. */
export function lookRule({ config, runtime }: Looking, official = false): PreprocessorConfig {
  const { preprocessor } = config;
  const bounded = runtime.backend === 'wasm' && !official;
  return bounded
    ? { ...preprocessor, maxPixels: Math.min(preprocessor.maxPixels, WASM_LOOK_PIXELS) }
    : preprocessor;
}

/**
 * What a person is told of a picture that is looked at smaller than the checkpoint's rule has it.
 * @throws OmniError `bad_image` for a picture that the model cannot look at; `name` is what it calls it
 */
export function lookNote(model: Looking, picture: Size, name: string): string | undefined {
  const { width, height } = visionSize(picture, lookRule(model), name);
  const whole = visionSize(picture, model.config.preprocessor, name);
  if (width === whole.width && height === whole.height) return undefined;
  return `${name} was looked at in ${width} x ${height} pixels: ${whole.width} x ${whole.height} take too long without a GPU.`;
}
