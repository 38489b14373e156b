/** All settings of one drawing, and the values that they have if a person says nothing. */

import * as z from 'zod/mini';
import {
  choiceSetting,
  flagSetting,
  numberSetting,
  rangeSetting,
  shapeOf,
  textSetting,
  type ValuesOf,
} from './setting.ts';
import { grouped, valueWords } from './value-words.ts';

export const SCHEDULERS = ['euler', 'dpmsolver++'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/**
 * `none` computes every layer at every step. `teacache` skips the layers while their input changes little,
 * `taylorseer` extrapolates their output. One at a time: each replaces the layers of a step.
 */
export const ACCELERATIONS = ['none', 'teacache', 'taylorseer'] as const;
export type Acceleration = (typeof ACCELERATIONS)[number];

/** A reference's latents are a sample of the VAE's posterior, drawn by the seed, or its mean. */
export const POSTERIORS = ['sample', 'mean'] as const;
export type PosteriorChoice = (typeof POSTERIORS)[number];

/** The settings of one drawing by their names. Sizes in pixels; guidance scales have no unit. */
export const DRAW_SETTINGS = {
  width: side('width'),
  height: side('height'),
  alignSize: flagSetting({
    name: 'choice to keep the size of the reference',
    help: 'with exactly one reference, draw at its size instead of width and height',
    advice: 'Choose true to keep it, false to draw at width and height.',
    default: true,
  }),
  steps: numberSetting({
    name: 'number of steps',
    help: 'denoising steps',
    advice: 'Choose between 20 and 50 steps.',
    ...{ min: 1, max: 1000, whole: true, usual: { min: 1, max: 100, step: 1 } },
    default: 20,
    refusal: (value) =>
      `A picture cannot be drawn in ${valueWords(value)} steps: steps must be a whole number from 1 to ${grouped(1000)}.`,
  }),
  seed: seedSetting('same seed, same picture'),
  textGuidance: numberSetting({
    name: 'text guidance',
    help: 'how closely to follow the prompt; 1 is none',
    advice: 'Choose one between 1 and 8.',
    ...{ min: 0, max: 100, whole: false, usual: { min: 1, max: 10, step: 0.1 } },
    default: 4,
  }),
  imageGuidance: numberSetting({
    name: 'image guidance',
    help: 'how closely to follow the references; 1 is none',
    advice: 'Choose one between 1 and 8.',
    ...{ min: 0, max: 100, whole: false, usual: { min: 1, max: 10, step: 0.1 } },
    default: 2,
  }),
  guidanceRange: rangeSetting({
    name: 'guidance range',
    help: 'part of the steps in which guidance is applied, as fractions of them',
    advice: 'Use 0 and 1 to apply guidance in every step.',
    // Guidance in the last steps blurs what an edit should keep, and takes longer:
    // docs/reference/deviations.md.
    default: [0, 0.6],
    refusal: (value) =>
      Array.isArray(value) && value.length === 2
        ? `The guidance range ${value[0]} to ${value[1]} does not lie within 0 to 1 in rising order.`
        : `The guidance range ${valueWords(value)} is not two numbers within 0 to 1 in rising order.`,
  }),
  scheduler: choiceSetting({
    name: 'scheduler',
    help: 'how to step from noise to picture',
    choices: SCHEDULERS,
    default: 'euler',
  }),
  acceleration: choiceSetting({
    name: 'acceleration',
    help: 'skip layers whose result changes little',
    choices: ACCELERATIONS,
    default: 'none',
  }),
  teaCacheThreshold: numberSetting({
    name: 'TeaCache threshold',
    help: 'how much change TeaCache ignores; a higher one skips more layers',
    advice: 'Choose one near 0.05; a higher one skips more.',
    ...{ min: 0, max: 10, whole: false, usual: { min: 0, max: 1, step: 0.01 } },
    // Source: OmniGen2 inference.py, teacache_rel_l1_thresh
    default: 0.05,
  }),
  posterior: choiceSetting({
    name: 'posterior',
    help: 'encode references as a sample drawn by the seed, or as the mean, which is the same for every seed',
    choices: POSTERIORS,
    default: 'sample',
  }),
  negativePrompt: textSetting({
    name: 'negative prompt',
    help: 'what to keep out of the picture',
    advice: 'Write in a few words what to keep out, or nothing.',
    default: '',
  }),
};

/** Complete settings of one drawing. */
export type DrawSettings = ValuesOf<typeof DRAW_SETTINGS>;

/** Accepts {@link DrawSettings}, and nothing beside them. */
export const drawSettingsSchema = z.readonly(z.strictObject(shapeOf(DRAW_SETTINGS)));

const { alignSize, steps, textGuidance, imageGuidance, guidanceRange, scheduler } = DRAW_SETTINGS;
const { acceleration, teaCacheThreshold, posterior, negativePrompt } = DRAW_SETTINGS;

/**
 * The defaults on the page, in the library and on the command line. The size follows from the model. The seed
 * is random on the page and in the library, and 0 on the command line.
 */
export const DEFAULT_SETTINGS: Omit<DrawSettings, 'width' | 'height' | 'seed'> = {
  alignSize: alignSize.default,
  steps: steps.default,
  textGuidance: textGuidance.default,
  imageGuidance: imageGuidance.default,
  guidanceRange: guidanceRange.default,
  scheduler: scheduler.default,
  acceleration: acceleration.default,
  teaCacheThreshold: teaCacheThreshold.default,
  posterior: posterior.default,
  negativePrompt: negativePrompt.default,
};

/**
 * The settings that a large model changes: 17 passes through its layers in place of the 100 of the official
 * program (50 Euler steps, guided in every step). Nearly all of its time goes into them. A small model keeps
 * {@link DEFAULT_SETTINGS}. docs/results/large-model-settings.md has their cost in quality.
 */
export const LARGE_MODEL_SETTINGS = {
  steps: 20,
  guidanceRange: [0, 0.6],
  scheduler: 'dpmsolver++',
  acceleration: 'taylorseer',
} as const satisfies Partial<DrawSettings>;

/** Whether a model is drawn with {@link LARGE_MODEL_SETTINGS}. `omnigen2/model-size.ts` decides it. */
export type ModelSize = 'small' | 'large';

/** The defaults for a model of this size. */
export function defaultSettings(modelSize: ModelSize): typeof DEFAULT_SETTINGS {
  return modelSize === 'large' ? { ...DEFAULT_SETTINGS, ...LARGE_MODEL_SETTINGS } : DEFAULT_SETTINGS;
}

/**
 * Completes settings: the given ones, then the size that the model was trained at, then
 * {@link defaultSettings}. Fields that are undefined count as absent. If a width or height is given, an edit
 * does not take the size of its reference.
 *
 * @example
 * const settings = completeSettings({ steps: 30 }, { trainedSide: 128, seed: randomSeed() });
 *
 * @param seed for settings without one
 * @param modelSize Default: small
 */
export function completeSettings(
  given: Partial<DrawSettings>,
  {
    trainedSide,
    seed: usualSeed,
    modelSize = 'small',
  }: { readonly trainedSide: number; readonly seed: number; readonly modelSize?: ModelSize },
): DrawSettings {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...defaultSettings(modelSize),
    width: trainedSide,
    height: trainedSide,
    alignSize: given.width === undefined && given.height === undefined,
    seed: usualSeed,
    ...Object.fromEntries(defined),
  };
}

function side(name: 'width' | 'height') {
  return numberSetting({
    name,
    help: `${name} of the picture`,
    unit: 'pixels',
    advice: 'Choose another size.',
    // Above 4096 pixels a picture takes hundreds of megabytes, and is only enlarged. 16 pixels are one patch.
    ...{ min: 16, max: 4096, whole: true, usual: { min: 64, max: 1024, step: 16 } },
    default: undefined,
  });
}

/** @param help what stays the same with the same seed */
export function seedSetting(help: string) {
  return numberSetting({
    name: 'seed',
    help,
    advice: 'Choose another seed.',
    ...{ min: 0, max: 2 ** 32 - 1, whole: true },
    default: undefined,
  });
}
