/** The jobs under Node. */

import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../models.ts';
import type { JobName } from './jobs.ts';
import { measuredProcess } from './measured-process.ts';
import { type Moment, momentSchema } from './moments.ts';
import { type Outcome, outcomeOf, outcomeSchema, pictureFile } from './outcome.ts';

const lineSchema = z.union([
  z.strictObject({ planned: outcomeSchema.shape.planned.unwrap() }),
  z.strictObject({ moment: momentSchema }),
  z.strictObject({ answer: z.string() }),
]);

/**
 * Does a job in a process of its own and measures its memory.
 * @throws OmniError `internal` with the last words of the process if it fails
 */
export async function nodeJob(
  signal: AbortSignal,
  dir: string,
  checkpoint: string,
  job: JobName,
  onMoment: (moment: Moment) => void,
): Promise<Outcome> {
  const picture = pictureFile(dir, 'node', job);
  await mkdir(dirname(picture), { recursive: true });
  await rm(picture, { force: true });
  const script = join(ROOT, 'cli/official-size/node-job.ts');
  const moments: Moment[] = [];
  let answer: string | undefined;
  let planned: Outcome['planned'];
  const measured = await measuredProcess(signal, [script, checkpoint, job, picture], (line) => {
    const read = lineSchema.parse(JSON.parse(line));
    if ('answer' in read) answer = read.answer;
    else if ('planned' in read) planned = read.planned;
    else {
      moments.push(read.moment);
      onMoment(read.moment);
    }
  });
  return outcomeOf(job, moments, measured.memory, { answer, planned });
}
