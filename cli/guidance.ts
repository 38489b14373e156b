/** The options of guidance, for all commands that draw. */

import { DRAW_SETTINGS, type DrawSettings } from '../src/settings/draw-settings.ts';
import { settingOption } from './args.ts';

export const GUIDANCE_OPTIONS = {
  'text-guidance': settingOption(DRAW_SETTINGS.textGuidance, 'X'),
  'image-guidance': settingOption(DRAW_SETTINGS.imageGuidance, 'X'),
  'guidance-range': settingOption(DRAW_SETTINGS.guidanceRange, 'A,B'),
};

type Guidance = Pick<DrawSettings, 'textGuidance' | 'imageGuidance' | 'guidanceRange'>;

interface GuidanceArgs {
  readonly 'text-guidance': Guidance['textGuidance'];
  readonly 'image-guidance': Guidance['imageGuidance'];
  readonly 'guidance-range': Guidance['guidanceRange'];
}

/** The settings of the options' values. */
export function guidanceOf(args: GuidanceArgs): Guidance {
  return {
    textGuidance: args['text-guidance'],
    imageGuidance: args['image-guidance'],
    guidanceRange: args['guidance-range'],
  };
}
