/** How fast this machine draws, from pictures it has drawn; nothing is guessed before the first one. */

import type { DeviceReport, DrawRequest } from '../../protocol.ts';
import type { DrawJob, RoundView } from './draw-job.ts';

/** One measured drawing. Times in milliseconds; `overheadMs` is what does not grow with the steps. */
export interface Pace {
  readonly perStepMs: number;
  readonly overheadMs: number;
}

/** Measured paces by {@link paceKey}. */
export type Paces = Readonly<Record<string, Pace>>;

/** What a pace depends on: device, size, number of references, guidance, and what skips work. */
export function paceKey(device: DeviceReport, { request, size }: Pick<DrawJob, 'request' | 'size'>): string {
  const { backend, description } = device;
  const pixels = `${size.width}x${size.height}`;
  const { acceleration, guidanceRange } = request.settings;
  const skips = acceleration === 'none' ? [] : [acceleration];
  const guided = [mostBranches(request), ...guidanceRange];
  return [backend, description, pixels, request.references.length, ...guided, ...skips].join('|');
}

/** How often the transformer runs in a guided step; `guidanceBranches` in omnigen2/guidance.ts says it of every step. */
function mostBranches({ settings, references }: DrawRequest): number {
  if (settings.textGuidance <= 1) return 1;
  return references.length > 0 && settings.imageGuidance > 1 ? 3 : 2;
}

/** The pace of a finished round; nothing if it was not drawn to its end. */
export function measuredPace(round: RoundView): Pace | undefined {
  const { drawMs, steppingMs, steps } = round;
  if (drawMs === undefined || steps < 1 || steppingMs <= 0) return undefined;
  return { perStepMs: steppingMs / steps, overheadMs: Math.max(0, drawMs - steppingMs) };
}

export function expectedMs(pace: Pace, steps: number): number {
  return pace.overheadMs + pace.perStepMs * steps;
}
