/** How a draw job goes on after its device or its worker has failed. */

import type { ErrorReport } from './errors.ts';
import type { DrawingSnapshot } from './protocol.ts';

/** The last state of a draw job, and the moment of its last failure. */
export interface Resumable {
  snapshot?: DrawingSnapshot;
  failedAt?: string;
}

/**
 * Prepares a job to go on from its snapshot, with a note about the error in it. Returns false for a job that
 * should not: it has no snapshot, memory is missing, or it has failed at the same moment before and would
 * fail there again.
 */
export function goesOn(job: Resumable, { code, message }: ErrorReport): boolean {
  const { snapshot } = job;
  if (!snapshot || code === 'memory') return false;
  const moment = momentOf(snapshot);
  if (moment === job.failedAt) return false;
  job.failedAt = moment;
  job.snapshot = noted(job, message).snapshot;
  return true;
}

/** The job with a note in its snapshot that says where it was interrupted, and why. */
export function noted<Job extends Resumable>(job: Job, why: string): Job {
  const { snapshot } = job;
  if (!snapshot) return job;
  return { ...job, snapshot: { ...snapshot, notes: [...snapshot.notes, noteOf(snapshot, why)] } };
}

/** Equal for snapshots of the same moment of a job. */
function momentOf({ finished, drawn, drawing }: DrawingSnapshot): string {
  return `${finished.length}, ${drawn ? 'drawn' : (drawing?.step ?? 'begun')}`;
}

function noteOf({ finished, drawn, drawing }: DrawingSnapshot, message: string): string {
  const step = drawn ? 'its last step' : `step ${drawing?.step ?? 0}`;
  const round = finished.length > 0 ? ` of round ${finished.length + 1}` : '';
  return `The drawing was interrupted and went on after ${step}${round}. ${message}`;
}
