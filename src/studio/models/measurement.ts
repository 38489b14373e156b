/** A measurement of the device: a reducer over the worker's events. */

import type { ErrorReport } from '../../errors.ts';
import type { JobEvent, JobId, MeasurementEvent, MeasurementReport } from '../../protocol.ts';

export interface Measurement {
  readonly id: JobId;
  readonly state: MeasurementState;
}

export type MeasurementState =
  | { readonly status: 'waiting' }
  | {
      readonly status: 'running';
      readonly stopping: boolean;
      /** The stage that runs; absent before the first one. `done` of `total` stages are finished. */
      readonly progress?: Omit<Extract<MeasurementEvent, { type: 'stage' }>, 'type'>;
    }
  | { readonly status: 'done'; readonly report: MeasurementReport }
  | { readonly status: 'failed'; readonly error: ErrorReport }
  | { readonly status: 'stopped' };

export function newMeasurement(id: JobId): Measurement {
  return { id, state: { status: 'waiting' } };
}

/** The measurement after one event of the worker. Ignores events that arrive after its end. */
export function applyMeasurementEvent(
  measurement: Measurement,
  event: JobEvent | MeasurementEvent,
): Measurement {
  const { id, state } = measurement;
  if (!isActive(measurement)) return measurement;
  const stopping = state.status === 'running' && state.stopping;
  switch (event.type) {
    case 'queued':
      return { id, state: { status: 'running', stopping } };
    case 'stage': {
      const { stage, done, total } = event;
      return { id, state: { status: 'running', stopping, progress: { stage, done, total } } };
    }
    case 'report':
      return { id, state: { status: 'done', report: event.report } };
    case 'failed':
      return { id, state: { status: 'failed', error: event.error } };
    case 'cancelled':
      return { id, state: { status: 'stopped' } };
    default:
      return measurement;
  }
}

/** The measurement after a request to stop, until the worker confirms it. */
export function markMeasurementStopping({ id, state }: Measurement): Measurement {
  return { id, state: state.status === 'running' ? { ...state, stopping: true } : state };
}

/** Whether it waits or runs. */
export function isActive({ state }: Measurement): boolean {
  return state.status === 'waiting' || state.status === 'running';
}

/** What screen readers hear when a measurement ends; undefined before. */
export function measurementAnnouncement({ state }: Measurement): string | undefined {
  switch (state.status) {
    case 'done':
      return 'The device has been measured.';
    case 'failed':
      return `${state.error.message} ${state.error.action}`;
    case 'stopped':
      return 'The measurement was stopped.';
    default:
      return undefined;
  }
}
