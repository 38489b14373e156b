/** The events of a job that are stored: those from which its results follow. Pictures are blobs. */

import * as z from 'zod/mini';
import { type JobEvent, jobResult, type Picture } from '../protocol.ts';
import { errorReport, fields, milliseconds, round, roundReport } from '../protocol-values.ts';
import { type BlobKey, blobKey } from './job-spec.ts';

const storedPicture = fields({ blob: blobKey, width: z.int(), height: z.int() });
export type StoredPicture = z.infer<typeof storedPicture>;

/** Events of the worker, with stored pictures, and without what only a running job needs. */
export const storedEvent = z.discriminatedUnion('type', [
  /** The last step of a round. */
  fields({ type: z.literal('denoising'), round, step: z.int(), steps: z.int(), elapsedMs: milliseconds }),
  fields({ type: z.literal('picture'), round, picture: storedPicture, drawMs: milliseconds }),
  fields({ type: z.literal('round'), report: roundReport }),
  fields({ type: z.literal('done'), result: jobResult }),
  fields({ type: z.literal('failed'), error: errorReport }),
  fields({ type: z.literal('cancelled'), partial: z.optional(storedPicture) }),
]);
/** One stored event. */
export type StoredEvent = z.infer<typeof storedEvent>;

/** What an event is about: no two stored events of a job are about the same. */
export function subjectOf(event: StoredEvent): string {
  const round = event.type === 'round' ? event.report.round : 'round' in event ? event.round : '';
  return `${event.type} ${round}`;
}

/** Keys of the blobs in an event. */
export function blobsOf(event: StoredEvent): readonly BlobKey[] {
  if (event.type === 'picture') return [event.picture.blob];
  return event.type === 'cancelled' && event.partial ? [event.partial.blob] : [];
}

/** What is stored of an event of the worker; undefined for one that is not. */
export async function toStored(
  event: JobEvent,
  store: (picture: Picture) => Promise<StoredPicture>,
): Promise<StoredEvent | undefined> {
  switch (event.type) {
    case 'denoising': {
      const { preview: _, remainingMs: __, ...step } = event;
      return step.step === step.steps ? step : undefined;
    }
    case 'picture':
      return { ...event, picture: await store(event.picture) };
    case 'round':
    case 'done':
      return event;
    case 'failed':
      return { type: 'failed', error: event.error };
    case 'cancelled':
      return event.partial
        ? { type: 'cancelled', partial: await store(event.partial) }
        : { type: 'cancelled' };
    default:
      return undefined;
  }
}

/** The event of the worker that a stored one was, for the folds of the studio. */
export async function fromStored(
  event: StoredEvent,
  load: (picture: StoredPicture) => Promise<Picture>,
): Promise<JobEvent> {
  if (event.type === 'picture') return { ...event, picture: await load(event.picture) };
  if (event.type !== 'cancelled') return event;
  return event.partial ? { type: 'cancelled', partial: await load(event.partial) } : { type: 'cancelled' };
}
