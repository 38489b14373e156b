/** Selectors: what components read. Each gives a stable value for an unchanged state. */

import type { JobId } from '../../protocol.ts';
import {
  adjustmentsOf,
  type DrawForm,
  PRESETS,
  type PresetName,
  planDrawing,
} from '../composer/draw-form.ts';
import { type DrawJob, keptOf } from '../jobs/draw-job.ts';
import { expectedMs, paceKey } from '../jobs/pace.ts';
import type { StudioState } from './state.ts';

export function jobOf(state: StudioState, id: JobId | undefined): DrawJob | undefined {
  return id === undefined ? undefined : state.jobs.find((job) => job.id === id);
}

export const shownJob = (state: StudioState): DrawJob | undefined => jobOf(state, state.shown);

export const runningJob = (state: StudioState): DrawJob | undefined => jobOf(state, state.running);

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
  // The time depends neither on the words nor on the seed: they may still be missing.
  const plan = planDrawing({ ...state.form, prompt: '-' }, 0);
  if (!plan.ok) return undefined;
  const pace = state.paces[paceKey(state.model.device, plan)];
  if (!pace) return undefined;
  const own = preset === state.form.preset ? adjustmentsOf(state.form).steps : PRESETS[preset].steps;
  return expectedMs(pace, own);
}

/** What lies on the shelf, newest first: jobs that left a picture, and those that failed. */
export function shelfJobs(jobs: readonly DrawJob[]): readonly DrawJob[] {
  return jobs.filter((job) => keptOf(job) !== undefined || job.state.status === 'failed').toReversed();
}

/** The finished edit on the canvas whose picture stands in the composer again, with other words: what they change is not its result. */
export function editOnShow(state: StudioState): DrawJob | undefined {
  const { form } = state;
  const job = shownJob(state);
  if (job?.state.status !== 'done' || form.references.length !== 1 || !hasReferencesOf(form, job))
    return undefined;
  const words = form.prompt.trim();
  return words !== '' && words !== job.request.prompt ? job : undefined;
}

/** Whether a job asks for what stands in the composer. */
export function isInForm({ form }: StudioState, job: DrawJob): boolean {
  return form.prompt.trim() === job.request.prompt && hasReferencesOf(form, job);
}

function hasReferencesOf({ references }: DrawForm, { request }: DrawJob): boolean {
  return (
    references.length === request.references.length &&
    references.every(({ blob }, index) => blob === request.references[index])
  );
}
