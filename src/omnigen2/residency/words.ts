/** A residency plan in words, for the command line and the page. */

import type { PlanName, PlannedDrawing, ResidencyPlan } from './plan.ts';

/** How the parts of a model share the memory. */
export const PLAN_WORDS: Readonly<Record<PlanName, string>> = {
  together: 'all parts stay open',
  'in turn': 'the language model is closed while the transformer is open',
  streamed: 'one part is open at a time, some layers are loaded for each step, and there are no previews',
};

/** What a person needs to know before a model runs. */
export interface PlanSummary {
  readonly fits: boolean;
  /** How the parts share the memory. */
  readonly how: string;
  readonly peakBytes: number;
  readonly budgetBytes: number;
  /** What would make it fit, if it does not. */
  readonly advice?: string;
}

/**
 * Says whether a plan fits a budget, and if not, what would.
 * @param smallest the smallest plan of the same drawing at half the width and height
 */
export function summarizePlan(
  plan: ResidencyPlan,
  drawing: Pick<PlannedDrawing, 'width' | 'height'>,
  budgetBytes: number,
  smallest: ResidencyPlan,
): PlanSummary {
  const fits = plan.peakBytes <= budgetBytes;
  const half = `${Math.floor(drawing.width / 2)} × ${Math.floor(drawing.height / 2)}`;
  const advice =
    smallest.peakBytes <= budgetBytes
      ? `A picture of ${half} pixels needs ${gigabytes(smallest.peakBytes)} and would fit.`
      : `Use a device with ${gigabytes(smallest.peakBytes)} of free memory, or a smaller model.`;
  return {
    fits,
    how: PLAN_WORDS[plan.name],
    peakBytes: plan.peakBytes,
    budgetBytes,
    ...(fits ? {} : { advice }),
  };
}

/** Bytes as gigabytes with two digits, "2.41 GB". */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
