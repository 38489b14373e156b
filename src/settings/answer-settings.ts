/** Settings of the text that the language model generates. */

import * as z from 'zod/mini';
import { seedSetting } from './draw-settings.ts';
import { numberSetting, shapeOf, type ValuesOf } from './setting.ts';

/** How the next token is sampled. Without these the likeliest token is taken. */
export const SAMPLING_SETTINGS = {
  temperature: numberSetting({
    name: 'temperature',
    help: 'how freely tokens are sampled; 0 takes the likeliest',
    advice: 'Choose 0 for the most likely words, or about 0.7 for varied ones.',
    ...{ min: 0, max: 100, whole: false, usual: { min: 0, max: 2, step: 0.1 } },
    default: 1,
  }),
  topP: numberSetting({
    name: 'top-p',
    help: 'sample from the likeliest tokens that together have this probability',
    advice: 'Choose 1 to allow every word, or about 0.9 to leave out unlikely ones.',
    ...{ min: 0, max: 1, whole: false, usual: { min: 0, max: 1, step: 0.05 } },
    default: 1,
  }),
  seed: seedSetting('same seed, same text'),
};

/** How tokens are sampled. */
export type Sampling = ValuesOf<typeof SAMPLING_SETTINGS>;

export const samplingSchema = z.readonly(z.strictObject(shapeOf(SAMPLING_SETTINGS)));

export const MAX_NEW_TOKENS = numberSetting({
  name: 'number of new tokens',
  help: 'how long an answer may be',
  unit: 'tokens',
  advice: 'Choose 256 for an answer of a few sentences.',
  // A conversation has at most as many, its prompts included.
  ...{ min: 1, max: 32_768, whole: true, usual: { min: 1, max: 1024, step: 1 } },
  // Source: OmniGen2ChatPipeline.generate_text
  default: 256,
});

/**
 * Completes the settings of sampling. Fields that are undefined count as absent.
 * @param seed for settings without one
 */
export function completeSampling(given: Partial<Sampling>, seed: number): Sampling {
  const { temperature, topP } = SAMPLING_SETTINGS;
  return {
    temperature: given.temperature ?? temperature.default,
    topP: given.topP ?? topP.default,
    seed: given.seed ?? seed,
  };
}
