/** A drawing job as the page sees it: the worker's events folded into one value. */

import type { ErrorReport } from '../../errors.ts';
import type {
  DrawRequest,
  JobEvent,
  JobId,
  JobResult,
  ModelPart,
  Picture,
  RoundOutcome,
} from '../../protocol.ts';
import { thumbnailOf } from './thumbnail.ts';

export interface DrawJob {
  readonly id: JobId;
  readonly request: DrawRequest;
  /** What will be drawn, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** How the settings are called, for example "Balanced" or "Own settings". */
  readonly settingsName: string;
  readonly state: DrawState;
  /** The rounds begun so far, round 1 first. */
  readonly rounds: readonly RoundView[];
}

export type DrawState =
  | { readonly status: 'waiting' }
  | { readonly status: 'running'; readonly doing: Doing; readonly stopping: boolean }
  | { readonly status: 'done'; readonly result: Extract<JobResult, { type: 'picture' }> }
  | { readonly status: 'failed'; readonly error: ErrorReport }
  | { readonly status: 'stopped'; readonly partial?: Picture };

/** What the worker is at, in order of a round's life. */
export type Doing =
  | { readonly phase: 'starting' }
  | { readonly phase: 'preparing'; readonly part: ModelPart }
  | { readonly phase: 'reading' }
  | { readonly phase: 'encoding'; readonly index: number; readonly count: number }
  | { readonly phase: 'drawing' }
  | { readonly phase: 'finishing' }
  | { readonly phase: 'looking' };

/** One look at the unfinished picture, reduced to {@link FRAME_EDGE}. */
export interface Frame {
  readonly step: number;
  readonly picture: Picture;
}

/** One round, from its first event on. `steps` is 0 before the first step is announced. Times in milliseconds. */
export interface RoundView {
  readonly round: number;
  readonly instruction: string;
  readonly step: number;
  readonly steps: number;
  readonly frames: readonly Frame[];
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

/** Frames of the film strip are kept no larger than this: a hundred steps of 1024 px would take 400 MB, so 26 MB. */
export const FRAME_EDGE = 256;

export function newDrawJob(
  id: JobId,
  request: DrawRequest,
  size: DrawJob['size'],
  settingsName: string,
): DrawJob {
  return { id, request, size, settingsName, state: { status: 'waiting' }, rounds: [] };
}

/** The job after one event of the worker. Events after the end of a job change nothing. */
export function applyDrawEvent(job: DrawJob, event: JobEvent): DrawJob {
  if (isOver(job)) return job;
  switch (event.type) {
    case 'queued':
      return doing(job, { phase: 'starting' });
    case 'preparing':
      return doing(job, { phase: 'preparing', part: event.part });
    case 'reading':
      return doing(inRound(job, event.round, {}), { phase: 'reading' });
    case 'encoding':
      return doing(inRound(job, event.round, {}), {
        phase: 'encoding',
        index: event.index,
        count: event.count,
      });
    case 'denoising':
      return doing(withStep(job, event), { phase: 'drawing' });
    case 'decoding':
      return doing(inRound(job, event.round, { remainingMs: undefined }), { phase: 'finishing' });
    case 'picture':
      return doing(withPicture(job, event), {
        phase: job.request.rounds > 1 ? 'looking' : 'finishing',
      });
    case 'reflecting':
      return doing(inRound(job, event.round, { critique: event.text }), { phase: 'looking' });
    case 'round': {
      const { round, ...report } = event.report;
      return inRound(job, round, report);
    }
    case 'answering':
      return job;
    case 'done':
      return event.result.type === 'picture' ? ended(job, { status: 'done', result: event.result }) : job;
    case 'failed':
      return ended(job, { status: 'failed', error: event.error });
    case 'cancelled':
      return ended(job, { status: 'stopped', partial: event.partial });
    default:
      return event satisfies never;
  }
}

/** The job after the person asked it to stop, until the worker says it has. */
export function markStopping(job: DrawJob): DrawJob {
  return job.state.status === 'running' ? { ...job, state: { ...job.state, stopping: true } } : job;
}

export function isOver(job: DrawJob): boolean {
  return job.state.status === 'done' || job.state.status === 'failed' || job.state.status === 'stopped';
}

/** What a job leaves behind: its result, or what was on the easel when it ended. */
export interface Kept {
  readonly picture: Picture;
  /** The round it comes from, counted from 1. */
  readonly round: number;
  readonly finished: boolean;
}

export function keptOf(job: DrawJob): Kept | undefined {
  const current = job.rounds.at(-1);
  const result = resultRound(job);
  const drawn = job.rounds.find(({ round }) => round === result);
  if (!isOver(job) || current === undefined) return undefined;
  // A whole picture of an earlier round is worth more than a half-drawn one.
  if (drawn?.picture) return { picture: drawn.picture, round: drawn.round, finished: true };
  const partial = job.state.status === 'stopped' ? (job.state.partial ?? current.preview) : current.preview;
  return partial && { picture: partial, round: current.round, finished: false };
}

/** The round whose picture is the result as things stand; none before the first picture. */
export function resultRound(job: DrawJob): number | undefined {
  if (job.state.status === 'done') return job.state.result.round;
  return job.rounds.findLast((round) => round.picture !== undefined)?.round;
}

/** The frame of `step` in the round, or the nearest one before it. */
export function frameAt(round: RoundView, step: number): Frame | undefined {
  return round.frames.findLast((frame) => frame.step <= step);
}

function doing(job: DrawJob, now: Doing): DrawJob {
  const stopping = job.state.status === 'running' && job.state.stopping;
  return { ...job, state: { status: 'running', doing: now, stopping } };
}

/** Only the round that is looked at afterwards keeps its film strip. */
function ended(job: DrawJob, state: DrawState): DrawJob {
  const over = { ...job, state };
  const kept = keptOf(over)?.round;
  return {
    ...over,
    rounds: job.rounds.map((round) => (round.round === kept ? round : withoutFrames(round))),
  };
}

function withoutFrames(round: RoundView): RoundView {
  return round.frames.length === 0 ? round : { ...round, frames: [] };
}

/** How many of the jobs that are over keep their film strips: a hundred of them would take gigabytes. */
const STRIPS_KEPT = 3;

/** The jobs, of which only the newest that are over have film strips. */
export function withFewStrips(jobs: readonly DrawJob[]): readonly DrawJob[] {
  const old = new Set(jobs.filter(isOver).slice(0, -STRIPS_KEPT));
  return jobs.map((job) => (old.has(job) ? { ...job, rounds: job.rounds.map(withoutFrames) } : job));
}

/** The finished picture is also the last frame of the film strip, which the worker does not preview. */
function withPicture(job: DrawJob, event: Extract<JobEvent, { type: 'picture' }>): DrawJob {
  const { round, picture, drawMs } = event;
  const before = job.rounds.find((each) => each.round === round);
  const frames = (before?.frames ?? []).filter((frame) => frame.step !== before?.steps);
  const last = before ? [{ step: before.steps, picture: thumbnailOf(picture, FRAME_EDGE) }] : [];
  return inRound(job, round, { picture, drawMs, preview: undefined, frames: [...frames, ...last] });
}

function withStep(job: DrawJob, event: Extract<JobEvent, { type: 'denoising' }>): DrawJob {
  const before = job.rounds.find((each) => each.round === event.round);
  const frames = before?.frames ?? [];
  const frame = event.preview && { step: event.step, picture: thumbnailOf(event.preview, FRAME_EDGE) };
  return inRound(job, event.round, {
    step: event.step,
    steps: event.steps,
    frames: frame ? [...frames, frame] : frames,
    preview: event.preview ?? before?.preview,
    remainingMs: event.remainingMs,
    steppingMs: event.elapsedMs,
  });
}

/** The job with `change` made to a round, which begins now if it has not yet. */
function inRound(job: DrawJob, number: number, change: Partial<RoundView>): DrawJob {
  const known = job.rounds.find((round) => round.round === number);
  if (known) {
    return { ...job, rounds: job.rounds.map((round) => (round === known ? { ...round, ...change } : round)) };
  }
  return { ...job, rounds: [...job.rounds, { ...beginRound(job, number), ...change }] };
}

/** A round before its first event. */
export function beginRound(job: DrawJob, number: number): RoundView {
  return {
    round: number,
    instruction: job.rounds.at(-1)?.critique ?? job.request.prompt,
    step: 0,
    steps: 0,
    frames: [],
    steppingMs: 0,
    critique: '',
  };
}
