/** The options of a drawing from what the page says of it. */

import type { OmniGen2Model } from '../omnigen2/model.ts';
import { type DrawOptions, drawDefaults } from '../omnigen2/pipeline.ts';
import type { DrawSettings } from '../protocol.ts';

/** @throws OmniError `bad_request` if no picture can have that size */
export function drawOptions(
  settings: DrawSettings,
  { checkpoint }: OmniGen2Model,
): Omit<DrawOptions, 'prompt' | 'references'> {
  const defaults = drawDefaults(settings, checkpoint.trainedOn);
  const { posterior = defaults.posterior, teaCacheThreshold = defaults.teaCacheThreshold } = settings;
  return { ...defaults, ...settings, posterior, teaCacheThreshold };
}
