/** The page's view of a draw job: a reducer over the worker's events. */

import type { ErrorReport } from '../../errors.ts';
import type {
  DrawRequest,
  JobEvent,
  JobId,
  JobResult,
  ModelPart,
  Picture,
  RoundOutcome,
  SmallerPlan,
} from '../../protocol.ts';
import { thumbnailOf } from './thumbnail.ts';

export interface DrawJob {
  readonly id: JobId;
  readonly request: DrawRequest;
  /** Size of the picture in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** A preset's name, or "custom settings". */
  readonly settingsName: string;
  readonly state: DrawState;
  /** The rounds that have started, round 1 first. */
  readonly rounds: readonly RoundView[];
}

export type DrawState =
  | { readonly status: 'waiting' }
  | { readonly status: 'running'; readonly activity: Activity; readonly stopping: boolean }
  | { readonly status: 'done'; readonly result: Extract<JobResult, { type: 'picture' }> }
  | { readonly status: 'failed'; readonly error: ErrorReport; readonly smallerPlan?: SmallerPlan }
  | { readonly status: 'stopped'; readonly partial?: Picture };

/** What the worker is doing, in the order of a round. */
export type Activity =
  | { readonly phase: 'starting' }
  | { readonly phase: 'loading'; readonly part: ModelPart }
  | { readonly phase: 'encoding-prompt' }
  | { readonly phase: 'encoding-reference'; readonly index: number; readonly count: number }
  | { readonly phase: 'drawing' }
  | { readonly phase: 'decoding' }
  | { readonly phase: 'critiquing' }
  /** The device failed. The model is loaded again. */
  | { readonly phase: 'interrupted' };

/** The unfinished picture after one step, at most {@link STEP_PREVIEW_SIDE} pixels a side. */
export interface StepPreview {
  readonly step: number;
  readonly picture: Picture;
}

/** One round, from its first event on. `steps` is 0 until the worker reports it. Times in milliseconds. */
export interface RoundView {
  readonly round: number;
  readonly instruction: string;
  readonly step: number;
  readonly steps: number;
  readonly stepPreviews: readonly StepPreview[];
  readonly preview?: Picture;
  readonly remainingMs?: number;
  /** Time from the first to the last step. */
  readonly steppingMs: number;
  readonly picture?: Picture;
  readonly drawMs?: number;
  readonly critique: string;
  readonly outcome?: RoundOutcome;
  readonly critiqueMs?: number;
}

/**
 * Largest side of a step preview in pixels. A hundred at 1024 px would take 400 MB; at 256 px they take 26
 * MB.
 */
export const STEP_PREVIEW_SIDE = 256;
/** Of more steps than this, evenly spaced ones keep a preview. */
const MAX_STEP_PREVIEWS = 100;

export function newDrawJob(
  id: JobId,
  request: DrawRequest,
  size: DrawJob['size'],
  settingsName: string,
): DrawJob {
  return { id, request, size, settingsName, state: { status: 'waiting' }, rounds: [] };
}

/** The job after one event of the worker. Ignores events that arrive after the job has ended. */
export function applyDrawEvent(job: DrawJob, event: JobEvent): DrawJob {
  if (isOver(job)) return job;
  switch (event.type) {
    case 'queued':
      return withActivity(job, { phase: 'starting' });
    case 'loading':
      return withActivity(job, { phase: 'loading', part: event.part });
    case 'encoding-prompt':
      return withActivity(inRound(job, event.round, {}), { phase: 'encoding-prompt' });
    case 'encoding-reference':
      return withActivity(inRound(job, event.round, {}), {
        phase: 'encoding-reference',
        index: event.index,
        count: event.count,
      });
    case 'denoising':
      return withActivity(withStep(job, event), { phase: 'drawing' });
    case 'decoding':
      return withActivity(inRound(job, event.round, { remainingMs: undefined }), { phase: 'decoding' });
    case 'picture':
      return withActivity(withPicture(job, event), {
        phase: job.request.rounds > 1 ? 'critiquing' : 'decoding',
      });
    case 'critiquing':
      return withActivity(inRound(job, event.round, { critique: event.text }), { phase: 'critiquing' });
    case 'round': {
      const { round, ...report } = event.report;
      return inRound(job, round, report);
    }
    case 'answering':
      return job;
    case 'interrupted':
      return withActivity(job, { phase: 'interrupted' });
    case 'done':
      return event.result.type === 'picture' ? ended(job, { status: 'done', result: event.result }) : job;
    case 'failed':
      return ended(job, { status: 'failed', error: event.error, smallerPlan: event.smallerPlan });
    case 'cancelled':
      return ended(job, { status: 'stopped', partial: event.partial });
    default:
      return event satisfies never;
  }
}

/** The job after a request to stop, until the worker confirms it. */
export function markStopping(job: DrawJob): DrawJob {
  return job.state.status === 'running' ? { ...job, state: { ...job.state, stopping: true } } : job;
}

/** A failed job that goes on. */
export function markGoingOn(job: DrawJob): DrawJob {
  return { ...job, state: { status: 'running', activity: { phase: 'interrupted' }, stopping: false } };
}

export function isOver(job: DrawJob): boolean {
  return job.state.status === 'done' || job.state.status === 'failed' || job.state.status === 'stopped';
}

/** The picture that a job ended with: its result, or the unfinished picture if it stopped or failed. */
export interface FinalPicture {
  readonly picture: Picture;
  /** The round that drew it, from 1. */
  readonly round: number;
  readonly complete: boolean;
}

/** Undefined while the job runs, and if it ended before the first preview. */
export function finalPictureOf(job: DrawJob): FinalPicture | undefined {
  const current = job.rounds.at(-1);
  const result = resultRound(job);
  const drawn = job.rounds.find(({ round }) => round === result);
  if (!isOver(job) || current === undefined) return undefined;
  // A complete picture of an earlier round is better than an unfinished one of the current round.
  if (drawn?.picture) return { picture: drawn.picture, round: drawn.round, complete: true };
  const partial = job.state.status === 'stopped' ? (job.state.partial ?? current.preview) : current.preview;
  return partial && { picture: partial, round: current.round, complete: false };
}

/** The round whose picture is the result so far; undefined before the first complete picture. */
export function resultRound(job: DrawJob): number | undefined {
  if (job.state.status === 'done') return job.state.result.round;
  return job.rounds.findLast((round) => round.picture !== undefined)?.round;
}

/** The preview of `step`, or the nearest earlier one. */
export function stepPreviewAt(round: RoundView, step: number): StepPreview | undefined {
  return round.stepPreviews.findLast((preview) => preview.step <= step);
}

function withActivity(job: DrawJob, activity: Activity): DrawJob {
  const stopping = job.state.status === 'running' && job.state.stopping;
  return { ...job, state: { status: 'running', activity, stopping } };
}

/** Keeps the step previews of the final picture's round only. */
function ended(job: DrawJob, state: DrawState): DrawJob {
  const over = { ...job, state };
  const final = finalPictureOf(over)?.round;
  return {
    ...over,
    rounds: job.rounds.map((round) => (round.round === final ? round : withoutStepPreviews(round))),
  };
}

function withoutStepPreviews(round: RoundView): RoundView {
  return round.stepPreviews.length === 0 ? round : { ...round, stepPreviews: [] };
}

/** How many ended jobs keep their step previews. A hundred jobs would take gigabytes. */
const JOBS_WITH_STEP_PREVIEWS = 3;

/** Drops the step previews of all ended jobs but the newest {@link JOBS_WITH_STEP_PREVIEWS}. */
export function limitStepPreviews(jobs: readonly DrawJob[]): readonly DrawJob[] {
  const old = new Set(jobs.filter(isOver).slice(0, -JOBS_WITH_STEP_PREVIEWS));
  return jobs.map((job) => (old.has(job) ? { ...job, rounds: job.rounds.map(withoutStepPreviews) } : job));
}

/** Stores the finished picture, also as the preview of the last step: the worker sends none for it. */
function withPicture(job: DrawJob, event: Extract<JobEvent, { type: 'picture' }>): DrawJob {
  const { round, picture, drawMs } = event;
  const before = job.rounds.find((each) => each.round === round);
  const earlier = (before?.stepPreviews ?? []).filter(({ step }) => step !== before?.steps);
  const last = before ? [{ step: before.steps, picture: thumbnailOf(picture, STEP_PREVIEW_SIDE) }] : [];
  return inRound(job, round, { picture, drawMs, preview: undefined, stepPreviews: [...earlier, ...last] });
}

function withStep(job: DrawJob, event: Extract<JobEvent, { type: 'denoising' }>): DrawJob {
  const before = job.rounds.find((each) => each.round === event.round);
  const earlier = before?.stepPreviews ?? [];
  const isKept = event.step % Math.ceil(event.steps / MAX_STEP_PREVIEWS) === 0;
  const added = isKept &&
    event.preview && { step: event.step, picture: thumbnailOf(event.preview, STEP_PREVIEW_SIDE) };
  return inRound(job, event.round, {
    step: event.step,
    steps: event.steps,
    stepPreviews: added ? [...earlier, added] : earlier,
    preview: event.preview ?? before?.preview,
    remainingMs: event.remainingMs,
    steppingMs: event.elapsedMs,
  });
}

/** Applies `change` to a round; starts the round if it is new. */
function inRound(job: DrawJob, number: number, change: Partial<RoundView>): DrawJob {
  const known = job.rounds.find((round) => round.round === number);
  if (known) {
    return { ...job, rounds: job.rounds.map((round) => (round === known ? { ...round, ...change } : round)) };
  }
  return { ...job, rounds: [...job.rounds, { ...newRound(job, number), ...change }] };
}

/** A round before its first event. */
export function newRound(job: DrawJob, number: number): RoundView {
  return {
    round: number,
    instruction: job.rounds.at(-1)?.critique ?? job.request.prompt,
    step: 0,
    steps: 0,
    stepPreviews: [],
    steppingMs: 0,
    critique: '',
  };
}
