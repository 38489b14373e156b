/**
 * Measures how fast this machine draws, to estimate the time of the next picture. No estimate before the
 * first one.
 */

import type { DeviceReport, DrawRequest } from '../../protocol.ts';
import type { DrawJob, RoundView } from './draw-job.ts';

/** One measured drawing. Times in milliseconds; `overheadMs` does not depend on the number of steps. */
export interface Pace {
  readonly perStepMs: number;
  readonly overheadMs: number;
}

/** Measured paces by {@link paceKey}. */
export type Paces = Readonly<Record<string, Pace>>;

/** A pace depends on the model, device, size, number of references, guidance and acceleration. */
export function paceKey(
  model: string,
  device: DeviceReport,
  { request, size }: Pick<DrawJob, 'request' | 'size'>,
): string {
  const { backend, description } = device;
  const pixels = `${size.width}x${size.height}`;
  const { acceleration, guidanceRange } = request.settings;
  const skipping = acceleration === 'none' ? [] : [acceleration];
  const guided = [maxBranches(request), ...guidanceRange];
  return [model, backend, description, pixels, request.references.length, ...guided, ...skipping].join('|');
}

/** Number of guidance branches in a guided step. */
function maxBranches({ settings, references }: DrawRequest): number {
  if (settings.textGuidance <= 1) return 1;
  return references.length > 0 && settings.imageGuidance > 1 ? 3 : 2;
}

/** The pace of a finished round; undefined if its drawing did not finish. */
export function measuredPace(round: RoundView): Pace | undefined {
  const { drawMs, steppingMs, steps } = round;
  if (drawMs === undefined || steps < 1 || steppingMs <= 0) return undefined;
  return { perStepMs: steppingMs / steps, overheadMs: Math.max(0, drawMs - steppingMs) };
}

export function expectedMs(pace: Pace, steps: number): number {
  return pace.overheadMs + pace.perStepMs * steps;
}
