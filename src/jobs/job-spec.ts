/** What a person asked for, as plain JSON. Everything that the studio shows is a view of specs and events. */

import * as z from 'zod/mini';
import { fields, type JobId, jobId, list } from '../protocol.ts';
import { drawSettingsSchema } from '../settings/draw-settings.ts';
import { ROUNDS } from '../settings/job-settings.ts';

/** Raised whenever a spec changes its meaning. */
export const SPEC_VERSION = 1;

/** Names the bytes of a picture or a file in the store. */
export type BlobKey = string & { readonly brand: 'BlobKey' };

export const blobKey = z.custom<BlobKey>((value) => typeof value === 'string', 'the key of a blob');

/** A file that the person gave. */
export const jobInput = fields({
  blob: blobKey,
  name: z.string(),
});
export type JobInput = z.infer<typeof jobInput>;

const common = {
  version: z.literal(SPEC_VERSION),
  id: jobId,
  /** Milliseconds since 1970. */
  createdMs: z.number(),
  /** The model that was chosen when the job was queued. */
  model: fields({ key: z.string(), name: z.string() }),
};

export const jobSpec = z.discriminatedUnion('kind', [
  fields({
    ...common,
    kind: z.literal('draw'),
    prompt: z.string(),
    /** References, in order; the first is "image 1". */
    inputs: list(jobInput),
    settings: drawSettingsSchema,
    rounds: ROUNDS.schema,
    /** Size of the picture in pixels. */
    size: fields({ width: z.int(), height: z.int() }),
    /** A preset's name, or "custom settings". */
    settingsName: z.string(),
  }),
  fields({
    ...common,
    kind: z.literal('ask'),
    question: z.string(),
    /** Pictures that the question is about. */
    inputs: list(jobInput),
    maxNewTokens: z.int(),
    /** The drawing whose picture the question is about. */
    about: z.optional(jobId),
  }),
]);
/** The spec of one job. */
export type JobSpec = z.infer<typeof jobSpec>;
export type DrawSpec = Extract<JobSpec, { kind: 'draw' }>;
export type AskSpec = Extract<JobSpec, { kind: 'ask' }>;

let last = 0;

/**
 * A new name. Names sort by the time at which they were made, also within a millisecond and after the clock
 * was set back.
 *
 * @example
 * newJobId(); // "01m4x2k7z0-3f9a2c1e"
 */
export function newJobId(nowMs: number = Date.now()): JobId {
  last = Math.max(Math.floor(nowMs), last + 1);
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return `${last.toString(36).padStart(10, '0')}-${random.toString(36).padStart(7, '0')}` as JobId;
}

/** Makes later names sort after the names of earlier visits. */
export function continueIdsAfter(id: JobId): void {
  const ms = Number.parseInt(id.split('-', 1)[0] ?? '', 36);
  // A clock that was far ahead must not decide for ever.
  if (Number.isSafeInteger(ms) && ms < Date.now() + YEAR_MS) last = Math.max(last, ms);
}

const YEAR_MS = 366 * 24 * 3600 * 1000;
