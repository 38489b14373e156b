/** The store, the worker client and the actions of the studio. Components select state and call actions. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { MAX_REFERENCES } from '../../config/config.ts';
import { newJobId } from '../../jobs/job-spec.ts';
import type { DrawingSnapshot, JobId } from '../../protocol.ts';
import { MAX_NEW_TOKENS } from '../../settings/answer-settings.ts';
import { createWorkerClient } from '../../worker-client.ts';
import { type DrawForm, requestOf, sizeOf, withChange } from '../composer/draw-form.ts';
import { followMove } from '../composer/hints.ts';
import { addReferences, moveReference, removeReference } from '../composer/references.ts';
import { type DrawJob, isOver, markGoingOn, markStopping, newDrawJob } from '../jobs/draw-job.ts';
import { newQuestion } from '../jobs/question.ts';
import { BUILT_IN } from '../models/chosen-model.ts';
import { isActive, markMeasurementStopping, newMeasurement } from '../models/measurement.ts';
import { quotePrompt } from '../ui/format.ts';
import type { StudioActions } from './actions.ts';
import type { StudioEnvironment } from './environment.ts';
import { workerEvents } from './events.ts';
import { jobOf, resultJobs, shownJob, wouldQueue } from './selectors.ts';
import {
  addNotice,
  CPU_NOTICE,
  failureId,
  failureNotice,
  initialState,
  LAST_VISIT,
  type Notice,
  PICTURE_ERRORS,
  type StudioState,
  type View,
  withoutModelNotices,
} from './state.ts';

export interface Studio {
  readonly store: StoreApi<StudioState>;
  readonly actions: StudioActions;
}

export function createStudio(environment: StudioEnvironment): Studio {
  const store = createStore<StudioState>(() => initialState(environment.settings, environment.model));
  const { getState: get, setState: set } = store;
  const { keeper } = environment;
  const events = workerEvents(store, { startNext, onEvent: (id, event) => keeper?.event(id, event) });
  const client = createWorkerClient(
    { ...events, snapshot: (id, snapshot) => keeper?.snapshot(id, snapshot) },
    environment.spawn,
  );
  /** States of drawings of an earlier visit that go on. */
  const snapshots = new Map<JobId, DrawingSnapshot>();
  /** Ends the turn of this tab; undefined while another tab may draw. */
  let endTurn: (() => void) | undefined;
  let asksForTurn = false;
  /** The drawing that started last. */
  let lastStarted: JobId | undefined;

  /** Whether this tab may draw. If not, asks for its turn, and starts the next job then. */
  function hasTurn(): boolean {
    if (endTurn || !environment.takeTurn) return true;
    if (!asksForTurn) {
      asksForTurn = true;
      // The lock of a free turn comes at once.
      const saying = setTimeout(() => set({ otherTabDraws: true }), 500);
      void environment.takeTurn().then((end) => {
        clearTimeout(saying);
        set({ otherTabDraws: false });
        endTurn = end;
        asksForTurn = false;
        startNext();
      });
    }
    return false;
  }

  /** Sends the next waiting job to the worker, if the worker is idle and the model is loaded. */
  function startNext(): void {
    const { model, running, queue, jobs, questions, measurement } = get();
    const [next, ...rest] = queue;
    if (running === undefined && next === undefined) {
      endTurn?.();
      endTurn = undefined;
    }
    if (model.status !== 'ready' || running !== undefined || next === undefined || !hasTurn()) return;
    set({ running: next, queue: rest });
    const job = jobs.find((each) => each.id === next);
    const question = questions.find((each) => each.id === next);
    if (job) {
      const previous = shownJob(get());
      // Another picture on the canvas was chosen by the person and stays there.
      if (!previous || previous.id === lastStarted || previous.id === next) {
        const failure = previous && previous.id !== next ? failureNotice(previous) : undefined;
        if (failure) actions.notify(failure);
        set({ shown: next, previewedStep: undefined, view: viewOf(job) });
      }
      lastStarted = next;
      client.draw(next, job.request, snapshots.get(next));
      snapshots.delete(next);
    } else if (question) {
      client.ask(next, question.request);
    } else if (measurement?.id === next) {
      client.measure(next);
    }
  }

  function enqueue(id: JobId): void {
    set({ queue: [...get().queue, id] });
    // Without a model the job would wait forever.
    if (get().model.status === 'failed') actions.loadModel();
    startNext();
  }

  function enqueueJob(job: DrawJob): void {
    keeper?.drawQueued(job, get().chosen);
    // A person who goes on to draw has seen the notice.
    if (get().notices.some(({ id }) => id === CPU_NOTICE)) actions.dismiss(CPU_NOTICE);
    set((state) => ({
      jobs: [...state.jobs, job],
      ...(wouldQueue(state)
        ? { announcement: 'Added to the queue.' }
        : { shown: job.id, view: viewOf(job), previewedStep: undefined, announcement: 'Starting.' }),
    }));
    enqueue(job.id);
  }

  /** Takes a job off the page and out of the store. */
  function dropJob(id: JobId): void {
    void keeper?.deleted(id);
    set(({ jobs, shown }) => {
      const remaining = jobs.filter((job) => job.id !== id);
      return { jobs: remaining, shown: shown === id ? resultJobs(remaining)[0]?.id : shown };
    });
  }

  const actions: StudioActions = {
    setTheme: (theme) => set({ theme }),
    setPrompt: (prompt) => set(({ form }) => ({ form: { ...form, prompt }, problems: [] })),
    selectPrompt: () => set(({ promptSelections }) => ({ promptSelections: promptSelections + 1 })),
    addReferences(added, skipped = 0) {
      const { list, refused } = addReferences(get().form.references, added);
      set(({ form }) => ({ form: { ...form, references: list }, problems: [] }));
      if (refused + skipped > 0) actions.notify(tooManyPicturesNotice(refused + skipped));
    },
    replaceReferences: (references) => set(({ form }) => ({ form: { ...form, references }, problems: [] })),
    moveReference: (from, to) =>
      set(({ form }) => {
        const references = moveReference(form.references, from, to);
        if (references === form.references) return {};
        return { form: { ...form, references, prompt: followMove(form.prompt, from, to) } };
      }),
    removeReference: (id) =>
      set(({ form }) => ({ form: { ...form, references: removeReference(form.references, id) } })),
    setPreset: (preset) =>
      set(({ form }) => {
        // A preset sets the steps; other changes are kept.
        const { steps: _, ...changes } = form.changes;
        return { form: { ...form, preset, changes } };
      }),
    change: (change) => set(({ form }) => ({ form: withChange(form, change), problems: [] })),
    resetSettings: () => set(({ form }) => ({ form: { ...form, changes: {} }, problems: [] })),
    setSeed: (seed) => set(({ form }) => ({ form: { ...form, seed, seedLocked: true }, problems: [] })),
    rollSeed: () => actions.setSeed(environment.randomSeed()),
    lockSeed: (seedLocked) => set(({ form }) => ({ form: { ...form, seedLocked } })),
    setChecksItself: (checksItself) => set(({ form }) => ({ form: { ...form, checksItself } })),
    setRounds: (rounds) => set(({ form }) => ({ form: { ...form, rounds } })),
    draw() {
      const { form } = get();
      const seed = form.seedLocked ? form.seed : environment.randomSeed();
      const plan = requestOf(form, seed);
      if (!plan.ok) {
        const announcement = plan.problems.map(({ message, action }) => `${message} ${action}`).join(' ');
        set({ problems: plan.problems, announcement });
        return false;
      }
      const name = Object.keys(form.changes).length > 0 ? 'custom settings' : form.preset;
      set({ form: { ...form, seed }, problems: [] });
      actions.dismiss(PICTURE_ERRORS);
      enqueueJob(newDrawJob(newJobId(), plan.request, plan.size, name));
      return true;
    },
    drawAgain(id) {
      const job = jobOf(get(), id);
      if (!job) return;
      actions.dismiss(failureId(id));
      enqueueJob(newDrawJob(newJobId(), job.request, job.size, job.settingsName));
    },
    goOn(id) {
      // A running job would end with its worker.
      if (get().running !== undefined || !client.goOn(id)) return;
      actions.dismiss(failureId(id));
      set(({ jobs, notices }) => ({
        running: id,
        jobs: jobs.map((job) => (job.id === id ? markGoingOn(job) : job)),
        model: { status: 'starting' },
        notices: withoutModelNotices(notices),
      }));
      actions.show(id);
    },
    drawExample({ prompt, references, seed, width, height }) {
      set(({ form }) => {
        const next: DrawForm = { ...form, prompt, references, seed, seedLocked: true, changes: {} };
        const asIs = sizeOf(next);
        const fits = asIs.width === width && asIs.height === height;
        return { form: fits ? next : withChange(next, { width, height, alignSize: false }) };
      });
      actions.draw();
      actions.lockSeed(false);
    },
    ask(question, picture, job) {
      const request = { question, pictures: [picture], maxNewTokens: MAX_NEW_TOKENS.default };
      const asked = newQuestion(newJobId(), request, job);
      keeper?.questionQueued(asked, get().chosen);
      set((state) => ({ questions: [...state.questions, asked] }));
      enqueue(asked.id);
    },
    measure() {
      const { measurement } = get();
      if (measurement && isActive(measurement)) return;
      const next = newMeasurement(newJobId());
      set({ measurement: next });
      enqueue(next.id);
    },
    stopMeasuring() {
      const { measurement, running } = get();
      if (!measurement || !isActive(measurement)) return;
      if (measurement.id === running) {
        actions.stop();
        return;
      }
      actions.removeFromQueue(measurement.id);
      events.job(measurement.id, { type: 'cancelled' });
    },
    stop() {
      const { running, jobs, measurement } = get();
      if (running === undefined) return;
      set({
        jobs: jobs.map((job) => (job.id === running ? markStopping(job) : job)),
        measurement: measurement?.id === running ? markMeasurementStopping(measurement) : measurement,
      });
      client.cancel(running);
    },
    removeFromQueue(id) {
      if (!get().queue.includes(id)) return;
      set(({ queue, questions }) => ({
        queue: queue.filter((each) => each !== id),
        questions: questions.filter((question) => question.id !== id),
      }));
      dropJob(id);
    },
    removeResult(id) {
      const job = jobOf(get(), id);
      if (!job || !isOver(job)) return;
      dropJob(id);
      actions.dismiss(failureId(id));
      actions.notify(removedNotice(job));
      actions.announce('Picture removed.');
    },
    restoreResult(job) {
      const { jobs } = get();
      actions.dismiss(REMOVED_NOTICE);
      if (jobOf(get(), job.id)) return;
      void keeper?.restored(job.id);
      set({ jobs: inOrder([...jobs, job]) });
      actions.show(job.id);
    },
    show(id) {
      const job = get().jobs.find((each) => each.id === id);
      if (job) set({ shown: id, previewedStep: undefined, view: viewOf(job) });
    },
    showNothing: () => set({ shown: undefined, previewedStep: undefined }),
    clearCanvas() {
      actions.showNothing();
      actions.setPrompt('');
    },
    setSessionInFiles: (sessionInFiles) => set({ sessionInFiles }),
    setView: (view) => set({ view }),
    previewStep: (previewedStep) => set({ previewedStep }),
    notify: (notice) => set(({ notices }) => ({ notices: addNotice(notices, notice) })),
    dismiss: (id) =>
      set(({ notices, acceptsCpu }) => ({
        notices: notices.filter((notice) => notice.id !== id),
        acceptsCpu: acceptsCpu || id === CPU_NOTICE,
      })),
    loadModel() {
      const { running } = get();
      set({ model: { status: 'starting' } });
      // The running job ends with the worker; its last preview is kept.
      if (running !== undefined) events.job(running, { type: 'cancelled' });
      set(({ notices }) => ({ notices: withoutModelNotices(notices) }));
      client.open(get().chosen.source, environment.backend);
    },
    chooseModel(chosen) {
      set({ chosen, remembered: { key: chosen.key, name: chosen.name } });
      actions.dismiss(LAST_VISIT);
      actions.loadModel();
    },
    chooseBuiltInModel: () => actions.chooseModel(environment.builtInModel),
    startWith(chosen) {
      set({ chosen });
      actions.loadModel();
    },
    leaveModel(key) {
      const { chosen, remembered } = get();
      if (chosen.key === key) actions.chooseBuiltInModel();
      else if (remembered.key === key) set({ remembered: BUILT_IN });
    },
    async openStored(id) {
      const stored = jobOf(get(), id) ? undefined : await keeper?.view(id);
      if (stored) actions.addStored(stored);
      if (!jobOf(get(), id)) return false;
      actions.show(id);
      return true;
    },
    deleteStored(ids) {
      // A running job is not in the gallery.
      ids.forEach(dropJob);
      actions.notify(deletedNotice(ids));
      actions.announce(ids.length === 1 ? 'Picture deleted.' : `${ids.length} pictures deleted.`);
    },
    restoreStored(ids) {
      actions.dismiss(DELETED_NOTICE);
      for (const id of ids) void keeper?.restored(id);
    },
    addStored(stored) {
      const { running, queue } = get();
      const isHere = (id: JobId) => id === running || queue.includes(id);
      for (const [id, snapshot] of stored.snapshots) snapshots.set(id, snapshot);
      set((state) => ({
        jobs: merged(state.jobs, stored.jobs, isHere),
        questions: merged(state.questions, stored.questions, isHere),
        queue: inOrder([...queue, ...stored.queue.filter((id) => !isHere(id))].map((id) => ({ id }))).map(
          ({ id }) => id,
        ),
      }));
      startNext();
    },
    announce: (announcement) => set({ announcement }),
    dispose: client.dispose,
  };
  return { store, actions };
}

/** A job with several rounds opens in the rounds view. */
function viewOf(job: DrawJob): View {
  return job.request.rounds > 1 ? 'rounds' : 'picture';
}

/** Names of jobs sort by the time of their requests. */
function inOrder<Item extends { readonly id: JobId }>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** All items, those of `added` in place of the ones with the same name that are not `isHere`. */
function merged<Item extends { readonly id: JobId }>(
  known: readonly Item[],
  added: readonly Item[],
  isHere: (id: JobId) => boolean,
): Item[] {
  const news = new Map(added.filter(({ id }) => !isHere(id)).map((item) => [item.id, item]));
  return inOrder([...known.filter(({ id }) => !news.has(id)), ...news.values()]);
}

const REMOVED_NOTICE = 'removed';

/** Only the last removal can be undone, because this notice replaces the previous one. */
function removedNotice(job: DrawJob): Notice {
  return {
    id: REMOVED_NOTICE,
    tone: 'good',
    title: 'Picture removed',
    text: quotePrompt(job.request.prompt),
    action: { kind: 'undo removal', job },
  };
}

const DELETED_NOTICE = 'deleted';

function deletedNotice(ids: readonly JobId[]): Notice {
  return {
    id: DELETED_NOTICE,
    tone: 'good',
    title: ids.length === 1 ? 'Picture deleted' : `${ids.length} pictures deleted`,
    text: 'Undo brings everything back.',
    action: { kind: 'undo deletion', ids },
  };
}

function tooManyPicturesNotice(refused: number): Notice {
  return {
    id: 'too many pictures',
    tone: 'warn',
    inForm: true,
    title: refused === 1 ? 'One picture was not added' : `${refused} pictures were not added`,
    text: `OmniGen2 takes up to ${MAX_REFERENCES} pictures. Remove one to add another.`,
  };
}
