/** The events of a job that are stored: those from which its results follow. Pictures are blobs. */

import * as z from 'zod/mini';
import { type JobEvent, type Picture, relativeBox } from '../protocol.ts';
import {
  errorReport,
  fields,
  list,
  milliseconds,
  notes,
  round,
  roundReport,
  text,
} from '../protocol-values.ts';
import { type BlobKey, blobKey } from './job-spec.ts';

const storedPicture = fields({ blob: blobKey, width: z.int(), height: z.int() });
export type StoredPicture = z.infer<typeof storedPicture>;

export const storedEvent = z.discriminatedUnion('type', [
  /** The last steps of a round, with the time that they took. */
  fields({ type: z.literal('steps'), round, steps: z.int(), elapsedMs: milliseconds }),
  fields({ type: z.literal('picture'), round, picture: storedPicture, drawMs: milliseconds }),
  fields({ type: z.literal('round'), report: roundReport }),
  fields({
    type: z.literal('answered'),
    text,
    complete: z.boolean(),
    draws: z.boolean(),
    found: list(relativeBox),
    notes,
    totalMs: milliseconds,
  }),
  fields({ type: z.literal('done'), round, rounds: z.int(), notes, totalMs: milliseconds }),
  fields({ type: z.literal('failed'), error: errorReport }),
  /** The person stopped the job; `partial` is the unfinished picture, if there is one. */
  fields({ type: z.literal('stopped'), partial: z.optional(storedPicture) }),
]);
/** One stored event. */
export type StoredEvent = z.infer<typeof storedEvent>;

/** The types after which nothing more happens to a job. */
export const LAST_EVENTS: readonly StoredEvent['type'][] = ['answered', 'done', 'failed', 'stopped'];

/** What an event is about: no two stored events of a job are about the same. */
export function subjectOf(event: StoredEvent): string {
  const round = event.type === 'round' ? event.report.round : 'round' in event ? event.round : '';
  return `${event.type} ${round}`;
}

/** Keys of the blobs in an event. */
export function blobsOf(event: StoredEvent): readonly BlobKey[] {
  if (event.type === 'picture') return [event.picture.blob];
  return event.type === 'stopped' && event.partial ? [event.partial.blob] : [];
}

/** What is stored of an event of the worker; undefined for one that is not. */
export async function toStored(
  event: JobEvent,
  store: (picture: Picture) => Promise<StoredPicture>,
): Promise<StoredEvent | undefined> {
  switch (event.type) {
    case 'denoising': {
      const { round, step, steps, elapsedMs } = event;
      return step === steps ? { type: 'steps', round, steps, elapsedMs } : undefined;
    }
    case 'picture': {
      const { round, drawMs } = event;
      return { type: 'picture', round, picture: await store(event.picture), drawMs };
    }
    case 'round':
      return event;
    case 'done': {
      const { result } = event;
      if (result.type === 'picture') return { ...result, type: 'done' };
      return result.type === 'answer' ? { ...result, type: 'answered' } : undefined;
    }
    case 'failed':
      return { type: 'failed', error: event.error };
    case 'cancelled':
      return event.partial ? { type: 'stopped', partial: await store(event.partial) } : { type: 'stopped' };
    default:
      return undefined;
  }
}

/** The event of the worker that a stored one was, for the folds of the studio. */
export async function fromStored(
  event: StoredEvent,
  load: (picture: StoredPicture) => Promise<Picture>,
): Promise<JobEvent> {
  switch (event.type) {
    case 'steps': {
      const { round, steps, elapsedMs } = event;
      return { type: 'denoising', round, step: steps, steps, elapsedMs };
    }
    case 'picture':
      return { ...event, picture: await load(event.picture) };
    case 'round':
    case 'failed':
      return event;
    case 'answered':
      return { type: 'done', result: { ...event, type: 'answer' } };
    case 'done':
      return { type: 'done', result: { ...event, type: 'picture' } };
    case 'stopped':
      return event.partial
        ? { type: 'cancelled', partial: await load(event.partial) }
        : { type: 'cancelled' };
    default:
      return event satisfies never;
  }
}
