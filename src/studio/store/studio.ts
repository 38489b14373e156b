/** The store, the worker client and the actions of the studio. Components select state and call actions. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { MAX_REFERENCES } from '../../config/config.ts';
import type { BackendChoice, JobId } from '../../protocol.ts';
import { MAX_NEW_TOKENS } from '../../settings/answer-settings.ts';
import type { DrawSettings } from '../../settings/draw-settings.ts';
import { createWorkerClient, type WorkerPort } from '../../worker-client.ts';
import { type DrawForm, type PresetName, requestOf, sizeOf, withChange } from '../composer/draw-form.ts';
import { addReferences, moveReference, type Reference, removeReference } from '../composer/references.ts';
import { type DrawJob, isOver, markGoingOn, markStopping, newDrawJob } from '../jobs/draw-job.ts';
import { newQuestion } from '../jobs/question.ts';
import { BUILT_IN, type ChosenModel } from '../models/chosen-model.ts';
import { isActive, markMeasurementStopping, newMeasurement } from '../models/measurement.ts';
import { quotePrompt } from '../ui/format.ts';
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
  type Settings,
  type StudioState,
  type Theme,
  type View,
  withoutModelNotices,
} from './state.ts';

/** The model to load first, and the side effects that tests replace. */
export interface StudioEnvironment {
  readonly model: ChosenModel;
  readonly builtInModel: ChosenModel;
  readonly backend: BackendChoice;
  readonly settings: Settings;
  spawn(): WorkerPort;
  /** A random integer 0 … 2^32 - 1. */
  randomSeed(): number;
}

export interface Studio {
  readonly store: StoreApi<StudioState>;
  readonly actions: StudioActions;
}

export interface StudioActions {
  setTheme(theme: Theme): void;
  setPrompt(prompt: string): void;
  /** Focuses the prompt and selects its text, so that typing replaces it. */
  selectPrompt(): void;
  /** Adds pictures up to the limit. `skipped` counts pictures that the caller has already left out. */
  addReferences(added: readonly Reference[], skipped?: number): void;
  replaceReferences(references: readonly Reference[]): void;
  moveReference(from: number, to: number): void;
  removeReference(id: string): void;
  setPreset(preset: PresetName): void;
  change(change: Partial<DrawSettings>): void;
  resetSettings(): void;
  setSeed(seed: number): void;
  rollSeed(): void;
  lockSeed(locked: boolean): void;
  setChecksItself(on: boolean): void;
  setRounds(rounds: number): void;
  /**
   * Checks the form and starts or queues the picture. Returns false and sets `problems` if the form is
   * invalid.
   */
  draw(): boolean;
  /** Starts or queues the same request again, with the same seed. */
  drawAgain(id: JobId): void;
  /** Continues a drawing that lacked memory, with the smaller plan that it was offered. */
  goOn(id: JobId): void;
  /** Fills the form with an example and draws it, with the example's seed and size. */
  drawExample(example: ExampleRequest): void;
  /** @param job the job whose picture it is; undefined for a reference */
  ask(question: string, picture: Blob, job?: JobId): void;
  /** Starts or queues a measurement of the device, unless one waits or runs. */
  measure(): void;
  /** Stops the measurement that waits or runs. */
  stopMeasuring(): void;
  /** Stops the running job and keeps its picture so far. */
  stop(): void;
  /** Removes a waiting job or question from the queue. */
  removeFromQueue(id: JobId): void;
  /** Removes a job that is over from the results. The notice about it can undo this. */
  removeResult(id: JobId): void;
  /** Undoes {@link StudioActions.removeResult}. */
  restoreResult(job: DrawJob): void;
  /** Shows a job on the canvas. */
  show(id: JobId): void;
  /** Empties the canvas and the prompt. The results and the references are kept. */
  clearCanvas(): void;
  setView(view: View): void;
  previewStep(step: StudioState['previewedStep']): void;
  notify(notice: Notice): void;
  dismiss(noticeId: string): void;
  /** Starts a new worker and loads the chosen model. */
  loadModel(): void;
  /** Replaces the model. The running job ends with its worker; waiting jobs run on the new model. */
  chooseModel(model: ChosenModel): void;
  chooseBuiltInModel(): void;
  /** Loads the first model of a visit, which may differ from the one that is remembered. */
  startWith(model: ChosenModel): void;
  /** Goes back to the built-in model if this one is in use. Call it before a model is deleted. */
  leaveModel(key: string): void;
  /** Announces a text to screen readers. */
  announce(announcement: string): void;
  dispose(): void;
}

export interface ExampleRequest {
  readonly prompt: string;
  readonly references: readonly Reference[];
  readonly seed: number;
  readonly width: number;
  readonly height: number;
}

export function createStudio(environment: StudioEnvironment): Studio {
  const store = createStore<StudioState>(() => initialState(environment.settings, environment.model));
  const { getState: get, setState: set } = store;
  const events = workerEvents(store, startNext);
  const client = createWorkerClient(events, environment.spawn);
  let lastId = 0;
  const newId = () => `job-${++lastId}` as JobId;

  /** Sends the next waiting job to the worker, if the worker is idle and the model is loaded. */
  function startNext(): void {
    const { model, running, queue, jobs, questions, measurement } = get();
    const [next, ...rest] = queue;
    if (model.status !== 'ready' || running !== undefined || next === undefined) return;
    set({ running: next, queue: rest });
    const job = jobs.find((each) => each.id === next);
    const question = questions.find((each) => each.id === next);
    if (job) {
      const previous = shownJob(get());
      const failure = previous && previous.id !== next ? failureNotice(previous) : undefined;
      if (failure) actions.notify(failure);
      set({ shown: next, previewedStep: undefined, view: viewOf(job) });
      client.draw(next, job.request);
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

  function dropJob(id: JobId): void {
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
      set(({ form }) => ({ form: { ...form, references: moveReference(form.references, from, to) } })),
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
      enqueueJob(newDrawJob(newId(), plan.request, plan.size, name));
      return true;
    },
    drawAgain(id) {
      const job = jobOf(get(), id);
      if (!job) return;
      actions.dismiss(failureId(id));
      enqueueJob(newDrawJob(newId(), job.request, job.size, job.settingsName));
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
      const asked = newQuestion(newId(), request, job);
      set((state) => ({ questions: [...state.questions, asked] }));
      enqueue(asked.id);
    },
    measure() {
      const { measurement } = get();
      if (measurement && isActive(measurement)) return;
      const next = newMeasurement(newId());
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
      const later = jobs.findIndex((each) => orderOf(each.id) > orderOf(job.id));
      set({ jobs: jobs.toSpliced(later < 0 ? jobs.length : later, 0, job) });
      actions.show(job.id);
    },
    show(id) {
      const job = get().jobs.find((each) => each.id === id);
      if (job) set({ shown: id, previewedStep: undefined, view: viewOf(job) });
    },
    clearCanvas() {
      set({ shown: undefined, previewedStep: undefined });
      actions.setPrompt('');
    },
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
    announce: (announcement) => set({ announcement }),
    dispose: client.dispose,
  };
  return { store, actions };
}

/** A job with several rounds opens in the rounds view. */
function viewOf(job: DrawJob): View {
  return job.request.rounds > 1 ? 'rounds' : 'picture';
}

/** Jobs are numbered in the order of their requests. */
function orderOf(id: JobId): number {
  return Number(id.slice('job-'.length));
}

const REMOVED_NOTICE = 'removed';

/** Only the last removal can be undone, because this notice replaces the previous one. */
function removedNotice(job: DrawJob): Notice {
  return {
    id: REMOVED_NOTICE,
    tone: 'good',
    title: 'Picture removed',
    text: `You can bring back ${quotePrompt(job.request.prompt)} until you dismiss this message.`,
    action: { kind: 'undo removal', job },
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
