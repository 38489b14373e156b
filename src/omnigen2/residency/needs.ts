/** What a drawing needs on a device, before anything is loaded. */

import type { OmniGen2Model } from '../model.ts';
import { type DeviceSpeed, estimateTime, type TimeEstimate } from './estimate.ts';
import { type PlannedDrawing, type ResidencyPlan, residencyPlans } from './plan.ts';
import { type PlanSummary, summarizePlan } from './words.ts';

export interface DrawingNeeds extends PlanSummary, TimeEstimate {
  readonly plan: ResidencyPlan;
}

/** The plan that a drawing follows, whether it fits, and how long it takes. */
export function drawingNeeds(
  model: Pick<OmniGen2Model, 'footprint' | 'budgetBytes' | 'planFor'>,
  drawing: PlannedDrawing,
  speed: DeviceSpeed,
): DrawingNeeds {
  const { footprint, budgetBytes } = model;
  const plan = model.planFor(drawing);
  const smallest = residencyPlans(footprint, halved(drawing)).at(-1) ?? plan;
  return {
    plan,
    ...summarizePlan(plan, drawing, budgetBytes, smallest),
    ...estimateTime(footprint, plan, drawing, speed),
  };
}

/** The same drawing with half the width and height. */
export function halved(drawing: PlannedDrawing): PlannedDrawing {
  return { ...drawing, width: drawing.width / 2, height: drawing.height / 2 };
}
