/** Prints what a drawing will take before anything is loaded: memory of each stage, and time. */

import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { measureSpeed } from '../src/omnigen2/residency/estimate.ts';
import { drawingNeeds } from '../src/omnigen2/residency/needs.ts';
import type { PlannedDrawing } from '../src/omnigen2/residency/plan.ts';
import { gigabytes } from '../src/omnigen2/residency/words.ts';

/** What a drawing will take, as data for `--json`. */
export async function planReport(model: OmniGen2Model, drawing: PlannedDrawing) {
  const speed = await measureSpeed(model.runtime);
  const { plan, ...needs } = drawingNeeds(model, drawing, speed);
  const { name, openRanges, stages } = plan;
  return { ...needs, plan: name, openRanges, stages, flops: speed.flops };
}

export type PlanReport = Awaited<ReturnType<typeof planReport>>;

/** The report as lines for a terminal. */
export function planLines(model: OmniGen2Model, drawing: PlannedDrawing, report: PlanReport): string[] {
  const { checkpoint, footprint } = model;
  const { mllm, transformer } = footprint.config;
  const { width, height, steps, references } = drawing;
  const pictures = references === 0 ? '' : `, ${references} reference${references === 1 ? '' : 's'}`;
  return [
    `Model    ${checkpoint.name}: ${gigabytes(checkpoint.sizeBytes)}, ${mllm.language.numHiddenLayers} + ${transformer.numLayers} layers`,
    `Drawing  ${width} x ${height}, ${steps} steps${pictures}`,
    `Plan     ${report.plan}: ${report.how}`,
    ...report.stages.map(
      ({ stage, weightBytes, workBytes, totalBytes }) =>
        `  ${stage.padEnd(18)} ${gigabytes(totalBytes)} (weights ${gigabytes(weightBytes)}, work ${gigabytes(workBytes)})`,
    ),
    `Peak     ${gigabytes(report.peakBytes)} of ${gigabytes(report.budgetBytes)}: ${report.fits ? 'it fits' : `it does not fit. ${report.advice}`}`,
    `Time     about ${duration(report.loadSeconds)} to load, about ${duration(report.drawSeconds)} to draw (${(report.flops / 1e9).toFixed(0)} GFLOP/s measured)`,
  ];
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
}
