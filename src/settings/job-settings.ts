/** Settings of a whole job, beside those of the drawing and of the text. */

import { numberSetting } from './setting.ts';

/** How many rounds of the reflection loop a drawing may have. */
export const ROUNDS = numberSetting({
  name: 'number of rounds',
  help: 'rounds of drawing and critique; 1 draws once, without a critique',
  advice: 'Choose 1 to draw once, or up to 4 to let the model check and fix its picture.',
  ...{ min: 1, max: 20, whole: true, usual: { min: 1, max: 4, step: 1 } },
  default: 1,
});

/** How strongly an adapter acts. */
export const ADAPTER_STRENGTH = numberSetting({
  name: 'strength',
  help: '1 as it was trained, 0 not at all, negative for the opposite effect',
  advice: 'Use 1 for the adapter as it was trained, or less for a weaker effect.',
  // Above this the picture is lost, and the sum of adapters that cancel each other loses precision.
  ...{ min: -100, max: 100, whole: false, usual: { min: -1, max: 2, step: 0.1 } },
  default: 1,
});
