/** The memory that is planned for the jobs in a browser. Under Node the job says what its plan was. */

import type { Checkpoint } from '../../src/checkpoints/checkpoint.ts';
import { drawLimits } from '../../src/omnigen2/draw-limits.ts';
import { plannedDrawing } from '../../src/omnigen2/residency/drawings.ts';
import { footprintOf } from '../../src/omnigen2/residency/footprint.ts';
import { choosePlan, residencyPlans } from '../../src/omnigen2/residency/plan.ts';
import { baseBytes, heldBytes } from '../../src/omnigen2/residency/work.ts';
import { type JobName, PROMPTS, SETTINGS } from './jobs.ts';
import type { Outcome } from './outcome.ts';

/** The plan for a drawing on WebAssembly with room for it; undefined for a question. */
export function plannedOnWasm(checkpoint: Checkpoint, job: JobName): Outcome['planned'] {
  if (job === 'ask') return undefined;
  const input = { ...SETTINGS, ...drawLimits(SETTINGS, checkpoint.trainedOn), prompt: PROMPTS[job] };
  const drawing = plannedDrawing(input, SETTINGS, job === 'edit' ? 1 : 0);
  const footprint = footprintOf(checkpoint, { backend: 'wasm', halfPrecision: false });
  const { name, peakBytes } = choosePlan(residencyPlans(footprint, drawing), Number.POSITIVE_INFINITY);
  return { plan: name, peakBytes };
}

/** Memory of the browser's GPU process with all sessions of the transformer open, before anything runs. */
export function plannedOpenOnWebGpu(checkpoint: Checkpoint): number {
  const { transformerRanges, contextBytes, embedBytes } = footprintOf(checkpoint, {
    backend: 'webgpu',
    halfPrecision: false,
  });
  const weightBytes = transformerRanges.reduce((sum, each) => sum + each, contextBytes + embedBytes);
  return baseBytes('webgpu') + heldBytes(weightBytes);
}
