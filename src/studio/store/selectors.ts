/** Selectors: what components read. Each gives a stable value for an unchanged state. */

import type { JobId } from '../../protocol.ts';
import { adjustmentsOf, PRESETS, type PresetName, planDrawing } from '../composer/draw-form.ts';
import { type DrawJob, keptOf } from '../jobs/draw-job.ts';
import { expectedMs, paceKey } from '../jobs/pace.ts';
import type { StudioState } from './state.ts';

export function jobOf(state: StudioState, id: JobId | undefined): DrawJob | undefined {
  return id === undefined ? undefined : state.jobs.find((job) => job.id === id);
}

export const shownJob = (state: StudioState): DrawJob | undefined => jobOf(state, state.shown);

export const runningJob = (state: StudioState): DrawJob | undefined => jobOf(state, state.running);

export const isBusy = (state: StudioState): boolean => state.running !== undefined || state.queue.length > 0;

/** Whether the composer's button queues a picture rather than starting it at once. */
export const wouldQueue = (state: StudioState): boolean =>
  state.jobs.some((job) => job.state.status === 'waiting' || job.state.status === 'running');

/** "first": nothing made and nothing given yet; "compose": pictures wait for words; "job": one is on the canvas. */
export function stageOf(state: StudioState): 'first' | 'compose' | 'job' {
  if (state.shown !== undefined) return 'job';
  return state.form.references.length > 0 ? 'compose' : 'first';
}

/** Whether the canvas shows rounds side by side. */
export function showsRounds(state: StudioState): boolean {
  const job = shownJob(state);
  return job !== undefined && job.request.rounds > 1 && state.view === 'rounds';
}

/** Time that a preset takes for one drawing of the form as it is; nothing before it was measured here. */
export function presetMs(state: StudioState, preset: PresetName): number | undefined {
  if (state.model.status !== 'ready') return undefined;
  const plan = planDrawing({ ...state.form, prompt: state.form.prompt || '-' }, 0);
  if (!plan.ok) return undefined;
  const key = paceKey(state.model.device, plan.request.settings, plan.request.references.length);
  const pace = state.paces[key];
  if (!pace) return undefined;
  const own = preset === state.form.preset ? adjustmentsOf(state.form).steps : PRESETS[preset].steps;
  return expectedMs(pace, own);
}

/** Finished pictures of this visit, newest first. */
export function finishedJobs(jobs: readonly DrawJob[]): readonly DrawJob[] {
  return jobs.filter((job) => keptOf(job) !== undefined).toReversed();
}
