/** When the stages of a job began, and how long they took. */

import { z } from 'zod';

/** The beginning of a stage. */
export const momentSchema = z.strictObject({
  /** Such as `loading transformer` or `denoising 1/2`; `done` is the end of the job. */
  name: z.string(),
  /** Milliseconds since 1970. */
  atMs: z.number(),
});
export type Moment = z.infer<typeof momentSchema>;

/** The end of a job. */
export const DONE = 'done';

/** A stage and its time. */
export interface Stage {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The stages between the moments, in order. Moments with the same name are one stage; the last begins none.
 */
export function stagesOf(moments: readonly Moment[]): Stage[] {
  const starts = moments.filter(({ name }, i) => name !== moments[i - 1]?.name);
  return starts.slice(0, -1).map(({ name, atMs }, i) => ({ name, fromMs: atMs, toMs: starts[i + 1].atMs }));
}

/** The seconds of each denoising step. What is loaded during a step counts as part of it. */
export function stepSeconds(moments: readonly Moment[]): number[] {
  const marks = moments.filter(({ name }) => /^denoising \d+\/\d+$/.test(name));
  return marks.slice(1).map(({ atMs }, i) => (atMs - marks[i].atMs) / 1000);
}
