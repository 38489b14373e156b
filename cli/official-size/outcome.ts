/** What one side did: one file for each job, from which the tables are made. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { JOBS, type JobName } from './jobs.ts';
import type { MemorySampler } from './memory.ts';
import { type Moment, momentSchema, stagesOf } from './moments.ts';

/** Where the jobs run. */
export const SIDES = ['node', 'chromium-folder', 'chromium-opfs'] as const;
export type SideName = (typeof SIDES)[number];

const bytes = z.number().nonnegative();

export const outcomeSchema = z.strictObject({
  job: z.enum(JOBS),
  moments: z.array(momentSchema).min(2),
  /** Largest resident memory of the process, in bytes; absent where the system does not tell. */
  peakRssBytes: bytes.optional(),
  /** Part of it that is pages of mapped files. */
  peakFileBytes: bytes.optional(),
  /** The same for each stage, in order. */
  stages: z.array(z.strictObject({ name: z.string(), seconds: z.number(), peakRssBytes: bytes.optional() })),
  /** Size of the engine's WebAssembly memory at the end, which never shrinks. */
  wasmHeapBytes: bytes.optional(),
  /** Largest JavaScript heap of the worker with its array buffers. */
  jsHeapBytes: bytes.optional(),
  /** What was planned before the drawing: which parts are open when, and the most memory. */
  planned: z.strictObject({ plan: z.string(), peakBytes: bytes }).optional(),
  /** The answer of `ask`. */
  answer: z.string().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** The picture that a job has drawn on a side. */
export function pictureFile(dir: string, side: SideName, job: JobName): string {
  return join(dir, 'results', side, `${job}.png`);
}

export async function saveOutcome(dir: string, side: SideName, outcome: Outcome): Promise<void> {
  const path = outcomeFile(dir, side, outcome.job);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(outcomeSchema.parse(outcome), undefined, 1));
}

/** The last outcome of a job on a side; undefined if it has not been done. */
export async function savedOutcome(dir: string, side: SideName, job: JobName): Promise<Outcome | undefined> {
  const text = await readFile(outcomeFile(dir, side, job), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : outcomeSchema.parse(JSON.parse(text));
}

function outcomeFile(dir: string, side: SideName, job: JobName): string {
  return join(dir, 'results', side, `${job}.json`);
}

/** An outcome from the moments and the memory samples of a job. */
export function outcomeOf(
  job: JobName,
  moments: readonly Moment[],
  memory: MemorySampler,
  more: Partial<Outcome>,
): Outcome {
  const peak = memory.peak(moments[0]?.atMs, moments.at(-1)?.atMs);
  return {
    job,
    moments: [...moments],
    peakRssBytes: peak?.rssBytes,
    peakFileBytes: peak?.fileBytes,
    stages: stagesOf(moments).map(({ name, fromMs, toMs }) => ({
      name,
      seconds: (toMs - fromMs) / 1000,
      peakRssBytes: memory.peak(fromMs, toMs)?.rssBytes,
    })),
    ...more,
  };
}
