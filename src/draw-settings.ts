/** What a picture is drawn with where nobody says, on the page, in the library and on the command line. */

import type { DrawSettings } from './protocol.ts';

export const USUAL_SETTINGS = {
  steps: 20,
  textGuidance: 4,
  imageGuidance: 2,
  // Guided to the end, late steps blur what is to stay as it is, and take longer: docs/DEVIATIONS.md.
  guidanceRange: [0, 0.6],
  scheduler: 'euler',
  acceleration: 'none',
  negativePrompt: '',
} as const satisfies Partial<DrawSettings>;

/** A seed by chance: a whole number, 0 … 2^32 - 1. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
