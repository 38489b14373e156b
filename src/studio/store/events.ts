/** Updates the state from the messages of the worker. */

import type { StoreApi } from 'zustand/vanilla';
import type { ErrorReport } from '../../errors.ts';
import {
  type AdapterChangeId,
  type AdapterOutcome,
  isLastEvent,
  type JobEvent,
  type JobId,
  type MeasurementEvent,
  type ModelState,
} from '../../protocol.ts';
import type { ModelSize } from '../../settings/draw-settings.ts';
import type { WorkerListener } from '../../worker-client.ts';
import { applyDrawEvent, type DrawJob, isOver, limitStepPreviews } from '../jobs/draw-job.ts';
import { measuredPace, type Paces, paceKey } from '../jobs/pace.ts';
import { applyAnswerEvent } from '../jobs/question.ts';
import { announcementFor } from '../jobs/status-text.ts';
import { type ChosenModel, isBuiltIn, modelSubject } from '../models/chosen-model.ts';
import { applyMeasurementEvent, measurementAnnouncement } from '../models/measurement.ts';
import {
  addNotice,
  CPU_NOTICE,
  errorNotice,
  failureNotice,
  type Notice,
  type StudioState,
  withoutModelNotices,
} from './state.ts';

export interface EventHooks {
  /** Is called whenever a waiting job may start. */
  startNext(): void;
  /** Receives every event of a job. */
  onEvent(id: JobId, event: JobEvent): void;
}

/** Listens to the worker. */
export function workerEvents(
  store: StoreApi<StudioState>,
  { startNext, onEvent }: EventHooks,
): WorkerListener {
  const { getState: get, setState: set } = store;

  function job(id: JobId, event: JobEvent): void {
    onEvent(id, event);
    const { jobs, questions } = get();
    const before = jobs.find((each) => each.id === id);
    if (before) drawEvent(before, event);
    else if (questions.some((each) => each.id === id)) {
      set({ questions: questions.map((each) => (each.id === id ? applyAnswerEvent(each, event) : each)) });
    } else measurementEvent(id, event);
    if (isLastEvent(event)) ended(id);
  }

  function measurement(id: JobId, event: MeasurementEvent): void {
    measurementEvent(id, event);
    if (event.type === 'report') ended(id);
  }

  function measurementEvent(id: JobId, event: JobEvent | MeasurementEvent): void {
    const before = get().measurement;
    if (before?.id !== id) return;
    const after = applyMeasurementEvent(before, event);
    set(({ announcement }) => ({
      measurement: after,
      announcement: measurementAnnouncement(after) ?? announcement,
    }));
  }

  function ended(id: JobId): void {
    if (get().running !== id) return;
    set({ running: undefined });
    startNext();
  }

  function drawEvent(before: DrawJob, event: JobEvent): void {
    const after = applyDrawEvent(before, event);
    const announcement = announcementFor(before, after);
    const failure = get().shown === after.id || isOver(before) ? undefined : failureNotice(after);
    set((state) => ({
      jobs: limitStepPreviews(state.jobs.map((each) => (each.id === before.id ? after : each))),
      announcement: announcement ?? state.announcement,
      notices: noticesAfter(state.notices, after, event, failure),
      paces: event.type === 'picture' ? withPace(state, after, event.round) : state.paces,
      // A finished drawing shows its result.
      previewedStep: isOver(after) && state.shown === after.id ? undefined : state.previewedStep,
    }));
  }

  function model(next: ModelState): void {
    set(({ notices, acceptsCpu, jobs, chosen, form }) => ({
      model: next,
      form: next.status === 'ready' ? { ...form, ...sidesOf(next) } : form,
      notices: [
        ...withoutModelNotices(notices),
        // A person who already asked for a picture does not need the CPU notice.
        ...modelNotices(chosen, next, acceptsCpu || jobs.length > 0),
      ],
    }));
    if (next.status === 'ready') startNext();
  }

  function adapters(_: AdapterChangeId, outcome: AdapterOutcome): void {
    if (outcome.status === 'done') return;
    set(({ notices }) => ({ notices: addNotice(notices, errorNotice('adapters', outcome.error)) }));
  }

  function crashed(error: ErrorReport, restarted: boolean, goingOn: readonly JobId[]): void {
    const { running, queue } = get();
    set({ model: restarted ? { status: 'starting' } : { status: 'failed', error } });
    if (running !== undefined && goingOn.includes(running)) return;
    // A running job shows the error itself; otherwise a notice does.
    if (running !== undefined) job(running, { type: 'failed', error });
    if (running !== undefined && restarted) return;
    const waiting = queue.length > 0 ? ' The queue is safe and continues.' : '';
    const safe = ' Finished pictures are safe.';
    set(({ notices }) => ({
      notices: addNotice(notices, {
        ...errorNotice('crash', error),
        text: error.action + safe + waiting,
        ...(!restarted && { aboutModel: true, action: { kind: 'reload model' } }),
      }),
    }));
  }

  return { model, job, measurement, adapters, crashed };
}

/** A job that goes on has a notice until it ends; then its result has a note. */
function noticesAfter(
  notices: readonly Notice[],
  job: DrawJob,
  event: JobEvent,
  failure: Notice | undefined,
): readonly Notice[] {
  const id = `interrupted ${job.id}`;
  if (event.type === 'interrupted') return addNotice(notices, interruptionNotice(id, event.error));
  const others = isOver(job) ? notices.filter((notice) => notice.id !== id) : notices;
  return failure ? addNotice(others, failure) : others;
}

function interruptionNotice(id: string, error: ErrorReport): Notice {
  return {
    ...errorNotice(id, error),
    tone: 'warn',
    text: 'The model is loading again, and the drawing goes on after its last step.',
  };
}

function withPace(state: StudioState, job: DrawJob, number: number): Paces {
  const round = job.rounds.find((each) => each.round === number);
  // Later rounds edit the previous picture, so their references differ from those of the request.
  const pace = round && number === 1 ? measuredPace(round) : undefined;
  if (!pace || state.model.status !== 'ready') return state.paces;
  return { ...state.paces, [paceKey(state.chosen.key, state.model.device, job)]: pace };
}

/** The sizes of a model and of its pictures. A large one draws smaller pictures on a device that is slow. */
function sidesOf({ trainedSide, needs }: Extract<ModelState, { status: 'ready' }>) {
  const modelSize: ModelSize = needs ? 'large' : 'small';
  return { trainedSide, usualSide: needs?.width ?? trainedSide, modelSize };
}

function modelNotices(chosen: ChosenModel, model: ModelState, hideCpuNotice: boolean): readonly Notice[] {
  switch (model.status) {
    case 'loading':
      return [];
    case 'failed':
      return [modelFailureNotice(chosen, model.error)];
    case 'ready':
      return [
        ...(model.device.reason && !hideCpuNotice ? [cpuNotice(chosen, model.device.reason)] : []),
        ...(model.note ? [modelNoteNotice(model.note)] : []),
      ];
    default:
      return model satisfies never;
  }
}

function modelFailureNotice(chosen: ChosenModel, error: ErrorReport): Notice {
  return {
    ...errorNotice('model', error),
    aboutModel: true,
    action: { kind: isBuiltIn(chosen) ? 'reload model' : 'use built-in model' },
    title: `${modelSubject(chosen)} did not load`,
    text: `${error.message} ${error.action} Your prompt and pictures are kept.`,
  };
}

function modelNoteNotice(note: string): Notice {
  return {
    id: 'model note',
    tone: 'warn',
    title: 'The model is ready, but note this',
    text: note,
    aboutModel: true,
  };
}

function cpuNotice(chosen: ChosenModel, reason: string): Notice {
  return {
    id: CPU_NOTICE,
    tone: 'warn',
    title: 'No GPU available, drawing on the CPU',
    text: `${reason} ${modelSubject(chosen)} still works, but slower.`,
    oneLine: true,
    aboutModel: true,
    action: { kind: 'retry GPU' },
  };
}
