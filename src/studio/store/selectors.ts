/** Selectors for components. Each returns a stable value for an unchanged state. */

import type { JobId } from '../../protocol.ts';
import { type DrawForm, PRESETS, type PresetName, requestOf, settingsOf } from '../composer/draw-form.ts';
import { type DrawJob, finalPictureOf } from '../jobs/draw-job.ts';
import { expectedMs, paceKey } from '../jobs/pace.ts';
import { isActive } from '../models/measurement.ts';
import type { StudioState } from './state.ts';

export function jobOf(state: StudioState, id: JobId | undefined): DrawJob | undefined {
  return id === undefined ? undefined : state.jobs.find((job) => job.id === id);
}

export const shownJob = (state: StudioState): DrawJob | undefined => jobOf(state, state.shown);

export const runningJob = (state: StudioState): DrawJob | undefined => jobOf(state, state.running);

/** Whether a new picture would have to wait in the queue. */
export const wouldQueue = (state: StudioState): boolean =>
  (state.measurement !== undefined && isActive(state.measurement)) ||
  state.jobs.some((job) => job.state.status === 'waiting' || job.state.status === 'running');

/** What the canvas shows: a job, otherwise the references of the form, otherwise nothing. */
export function canvasContent(state: StudioState): 'empty' | 'references' | 'job' {
  if (state.shown !== undefined) return 'job';
  return state.form.references.length > 0 ? 'references' : 'empty';
}

/** Whether the canvas shows the rounds of its job side by side. */
export function showsRounds(state: StudioState): boolean {
  const job = shownJob(state);
  return job !== undefined && job.request.rounds > 1 && state.view === 'rounds';
}

/**
 * Estimated time to draw the form once with a preset; undefined until this machine has drawn such a picture.
 */
export function presetMs(state: StudioState, preset: PresetName): number | undefined {
  if (state.model.status !== 'ready') return undefined;
  // The time depends on neither the prompt nor the seed, and both may be missing.
  const plan = requestOf({ ...state.form, prompt: '-' }, 0);
  if (!plan.ok) return undefined;
  const pace = state.paces[paceKey(state.chosen.key, state.model.device, plan)];
  if (!pace) return undefined;
  const own = preset === state.form.preset ? settingsOf(state.form).steps : PRESETS[preset].steps;
  return expectedMs(pace, own);
}

/** The jobs in the list of results, newest first: jobs with a final picture, and jobs that failed. */
export function resultJobs(jobs: readonly DrawJob[]): readonly DrawJob[] {
  return jobs
    .filter((job) => finalPictureOf(job) !== undefined || job.state.status === 'failed')
    .toReversed();
}

/**
 * The finished edit on the canvas, if the form has the same reference and another prompt. Drawing the form
 * would then edit the original picture, not the result.
 */
export function editWithNewPrompt(state: StudioState): DrawJob | undefined {
  const { form } = state;
  const job = shownJob(state);
  if (job?.state.status !== 'done' || form.references.length !== 1 || !hasReferencesOf(form, job))
    return undefined;
  const prompt = form.prompt.trim();
  return prompt !== '' && prompt !== job.request.prompt ? job : undefined;
}

/** Whether the form still has the prompt and references of a job. */
export function matchesForm({ form }: StudioState, job: DrawJob): boolean {
  return form.prompt.trim() === job.request.prompt && hasReferencesOf(form, job);
}

function hasReferencesOf({ references }: DrawForm, { request }: DrawJob): boolean {
  return (
    references.length === request.references.length &&
    references.every(({ blob }, index) => blob === request.references[index])
  );
}
