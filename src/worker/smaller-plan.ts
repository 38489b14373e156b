/** The next smaller plan for a drawing that lacked memory. */

import { drawLimits } from '../omnigen2/draw-limits.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import { plannedDrawing } from '../omnigen2/residency/drawings.ts';
import { residencyPlans } from '../omnigen2/residency/plan.ts';
import { PLAN_WORDS } from '../omnigen2/residency/words.ts';
import type { DrawRequest, SmallerPlan } from '../protocol.ts';

/** @returns undefined if the model follows the smallest plan */
export function smallerPlan(
  model: OmniGen2Model,
  { settings, prompt, references }: DrawRequest,
): SmallerPlan | undefined {
  const limits = drawLimits(settings, model.checkpoint.trainedOn);
  const drawing = plannedDrawing({ ...settings, ...limits, prompt }, settings, references.length);
  const { peakBytes } = model.planFor(drawing);
  const smaller = residencyPlans(model.footprint, drawing).find((plan) => plan.peakBytes < peakBytes);
  return smaller && { budgetBytes: smaller.peakBytes, how: PLAN_WORDS[smaller.name] };
}
