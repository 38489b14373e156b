/** How strongly pictures are guided, and how long, as the commands that draw are told it. */

import { USUAL_SETTINGS } from '../src/draw-settings.ts';
import { numberOption, rangeOption } from './args.ts';

export const GUIDANCE_OPTIONS = {
  'text-guidance': {
    placeholder: 'X',
    help: 'how closely to follow the words',
    fallback: String(USUAL_SETTINGS.textGuidance),
  },
  'image-guidance': {
    placeholder: 'X',
    help: 'how closely to follow the pictures',
    fallback: String(USUAL_SETTINGS.imageGuidance),
  },
  'guidance-range': {
    placeholder: 'A,B',
    help: 'part of the steps in which guidance is applied, as fractions of them',
    fallback: USUAL_SETTINGS.guidanceRange.join(','),
  },
} as const;

/** @throws OmniError `bad_request` for a scale that is no number from 0 to 100, or a range that is none within 0 to 1 */
export function guidanceOf(args: Readonly<Record<keyof typeof GUIDANCE_OPTIONS, string>>) {
  const scale = { min: 0, max: 100 };
  return {
    textGuidance: numberOption('text-guidance', args['text-guidance'], scale),
    imageGuidance: numberOption('image-guidance', args['image-guidance'], scale),
    guidanceRange: rangeOption('guidance-range', args['guidance-range']),
  };
}
