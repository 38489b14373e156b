/** What a large model needs for a usual drawing, before anything is loaded. */

import type { OmniGen2Model } from '../omnigen2/model.ts';
import { typicalDrawing } from '../omnigen2/residency/drawings.ts';
import { type DeviceSpeed, measureSpeed } from '../omnigen2/residency/estimate.ts';
import { drawingNeeds, halved } from '../omnigen2/residency/needs.ts';
import type { PlannedDrawing } from '../omnigen2/residency/plan.ts';
import type { ModelNeeds } from '../protocol.ts';

/** The part of a model that says what it needs. */
export type PlannedModel = Pick<
  OmniGen2Model,
  'footprint' | 'budgetBytes' | 'checkpoint' | 'runtime' | 'planFor'
>;

/** A usual drawing takes at most this long, if a smaller picture can make it so. */
const PATIENCE_MS = 10 * 60_000;
/** Sides in pixels. Smaller pictures of a model that was trained on 1024 are poor. */
const SMALLEST_SIDE = 256;

/**
 * Memory and time of a usual drawing. It has the size that the model was trained for, or a smaller one where
 * that does not fit or takes more than ten minutes. Measures the device for some milliseconds.
 * @returns undefined for a small model, which fits everywhere
 */
export async function modelNeeds(model: PlannedModel): Promise<ModelNeeds | undefined> {
  if (!model.footprint.isLarge) return undefined;
  const speed = await measureSpeed(model.runtime);
  const trained = typicalDrawing(model.checkpoint);
  for (let drawing = trained; ; drawing = halved(drawing)) {
    const needs = needsFor(model, drawing, speed);
    if ((needs.fits && needs.drawMs <= PATIENCE_MS) || drawing.width / 2 < SMALLEST_SIDE) return needs;
  }
}

function needsFor(model: PlannedModel, drawing: PlannedDrawing, speed: DeviceSpeed): ModelNeeds {
  const { fits, how, peakBytes, advice, loadSeconds, drawSeconds } = drawingNeeds(model, drawing, speed);
  const { width, height, steps } = drawing;
  return {
    ...{ width, height, steps, fits, how, peakBytes, advice },
    budgetBytes: Number.isFinite(model.budgetBytes) ? model.budgetBytes : undefined,
    loadMs: 1000 * loadSeconds,
    drawMs: 1000 * drawSeconds,
  };
}
