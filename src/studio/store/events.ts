/** Folds what the worker says into the state. */

import type { StoreApi } from 'zustand/vanilla';
import type { ErrorReport } from '../../errors.ts';
import type { AdapterChangeId, AdapterOutcome, JobEvent, JobId, ModelState } from '../../protocol.ts';
import type { WorkerListener } from '../../worker-client.ts';
import { applyDrawEvent, type DrawJob, isOver, withFewStrips } from '../jobs/draw-job.ts';
import { measuredPace, type Paces, paceKey } from '../jobs/pace.ts';
import { applyAnswerEvent } from '../jobs/question.ts';
import { announcement } from '../jobs/status-text.ts';
import {
  CPU,
  failureNotice,
  type Notice,
  noticeOf,
  type StudioState,
  withNotice,
  withoutModel,
} from './state.ts';

/** The listener of the worker. `startNext` is called whenever a waiting job may start. */
export function workerEvents(store: StoreApi<StudioState>, startNext: () => void): WorkerListener {
  const { getState: get, setState: set } = store;

  function job(id: JobId, event: JobEvent): void {
    const { jobs, questions, running } = get();
    const before = jobs.find((each) => each.id === id);
    if (before) drawEvent(before, event);
    else if (questions.some((each) => each.id === id)) {
      set({ questions: questions.map((each) => (each.id === id ? applyAnswerEvent(each, event) : each)) });
    }
    const ended = event.type === 'done' || event.type === 'failed' || event.type === 'cancelled';
    if (ended && running === id) {
      set({ running: undefined });
      startNext();
    }
  }

  function drawEvent(before: DrawJob, event: JobEvent): void {
    const after = applyDrawEvent(before, event);
    const said = announcement(before, after);
    const failure = get().shown === after.id || isOver(before) ? undefined : failureNotice(after);
    set((state) => ({
      jobs: withFewStrips(state.jobs.map((each) => (each.id === before.id ? after : each))),
      said: said ?? state.said,
      notices: failure ? withNotice(state.notices, failure) : state.notices,
      paces: event.type === 'picture' ? withPace(state, after, event.round) : state.paces,
      // A film strip of a finished drawing gives way to the picture.
      lookBack: isOver(after) && state.shown === after.id ? undefined : state.lookBack,
    }));
  }

  function model(next: ModelState): void {
    set(({ notices, acceptsCpu, jobs }) => ({
      model: next,
      // Who has asked for a picture is waiting for it, and not for news.
      notices: [...withoutModel(notices), ...modelNotices(next, acceptsCpu || jobs.length > 0)],
    }));
    if (next.status === 'ready') startNext();
  }

  function adapters(_: AdapterChangeId, outcome: AdapterOutcome): void {
    if (outcome.status === 'done') return;
    set(({ notices }) => ({ notices: withNotice(notices, noticeOf('adapters', outcome.error)) }));
  }

  function crashed(error: ErrorReport, restarted: boolean): void {
    const { running, queue } = get();
    set({ model: restarted ? { status: 'starting' } : { status: 'failed', error } });
    // The job that ran into it carries the notice; without one, the page does.
    if (running !== undefined) job(running, { type: 'failed', error });
    if (running !== undefined && restarted) return;
    const waiting = queue.length > 0 ? ' What waits in the queue is safe and comes next.' : '';
    const safe = ' Pictures already made are safe.';
    set(({ notices }) => ({
      notices: withNotice(notices, {
        ...noticeOf('crash', error),
        text: error.action + safe + waiting,
        ...(!restarted && { ofModel: true, remedy: { kind: 'load again' } }),
      }),
    }));
  }

  return { model, job, adapters, crashed };
}

function withPace(state: StudioState, job: DrawJob, number: number): Paces {
  const round = job.rounds.find((each) => each.round === number);
  // Later rounds edit the picture before: their references differ from the request's.
  const pace = round && number === 1 ? measuredPace(round) : undefined;
  if (!pace || state.model.status !== 'ready') return state.paces;
  return { ...state.paces, [paceKey(state.model.device, job)]: pace };
}

function modelNotices(model: ModelState, knowsCpu: boolean): readonly Notice[] {
  switch (model.status) {
    case 'loading':
      return [];
    case 'failed':
      return [modelNotice(model.error)];
    case 'ready':
      return [
        ...(model.device.reason && !knowsCpu ? [cpuNotice(model.device.reason)] : []),
        ...(model.note ? [remarkNotice(model.note)] : []),
      ];
    default:
      return model satisfies never;
  }
}

function modelNotice(error: ErrorReport): Notice {
  return {
    ...noticeOf('model', error),
    ofModel: true,
    remedy: { kind: 'load again' },
    title: 'The built-in model did not load',
    text: `${error.message} ${error.action} What you write and drop here meanwhile is kept.`,
  };
}

function remarkNotice(note: string): Notice {
  return {
    id: 'model remark',
    tone: 'warn',
    title: 'The model is here, with one thing to know',
    text: note,
    ofModel: true,
  };
}

function cpuNotice(reason: string): Notice {
  return {
    id: CPU,
    tone: 'warn',
    title: 'No GPU here, so the processor draws',
    text: `${reason} The built-in model still works, only slower.`,
    brief: true,
    ofModel: true,
    remedy: { kind: 'try the GPU again' },
  };
}
