/** The three jobs that both sides do: a picture from words, an edit, and a question about a picture. */

import type { RgbImage } from '../../src/pictures/image.ts';
import { DEFAULT_SETTINGS, type DrawSettings } from '../../src/settings/draw-settings.ts';

export const JOBS = ['words', 'edit', 'ask'] as const;
export type JobName = (typeof JOBS)[number];

/** Side of the pictures in pixels. */
export const SIDE = 256;
export const STEPS = 2;

export const PROMPTS: Readonly<Record<JobName, string>> = {
  words: 'a red house in the snow',
  edit: 'make the circle blue',
  ask: 'What is in the picture?',
};

/** The answer ends after this number of tokens: random weights never end one. */
export const ANSWER_TOKENS = 8;

/** Guidance in every step, so that a step has two branches from words and three in an edit. */
export const SETTINGS: DrawSettings = {
  ...DEFAULT_SETTINGS,
  width: SIDE,
  height: SIDE,
  steps: STEPS,
  seed: 11,
  textGuidance: 4,
  imageGuidance: 2,
  guidanceRange: [0, 1],
  scheduler: 'euler',
  acceleration: 'none',
};

/** The picture that is edited and asked about: a red circle on a gradient. */
export function referencePicture(): RgbImage {
  const data = new Uint8Array(3 * SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const inCircle = (x - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2 < (SIDE / 4) ** 2;
      data.set(inCircle ? [200, 30, 40] : [x >> 1, 128, 255 - (y >> 1)], 3 * (y * SIDE + x));
    }
  }
  return { width: SIDE, height: SIDE, data };
}
