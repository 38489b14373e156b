/** What waits for the model, or uses it. */

import type { Resumable } from '../interruption.ts';
import type { JobId, ToWorker } from '../protocol.ts';

export interface Job extends Resumable {
  readonly id: JobId;
  readonly work: Extract<ToWorker, { type: 'draw' | 'ask' | 'turn' | 'measure' }>;
  readonly abort: AbortController;
}

/** What a job does, as the subject of a sentence about its failure. */
export const DOING: Readonly<Record<Job['work']['type'], string>> = {
  draw: 'Drawing',
  ask: 'Answering',
  turn: 'Answering',
  measure: 'Measuring',
};

/** What the queue holds: jobs, and changes of adapters for the jobs after them. */
export type Task = Job | AdapterChange;

export interface AdapterChange {
  readonly change: Extract<ToWorker, { type: 'adapters' }>;
  readonly abort: AbortController;
}

export function isChange(task: Task): task is AdapterChange {
  return 'change' in task;
}
