/** The studio: state, the worker, and everything a person can do. Components call actions and select state. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { MAX_NEW_TOKENS, MAX_REFERENCES } from '../../config/config.ts';
import type { BackendChoice, JobId, ModelRef } from '../../protocol.ts';
import { createWorkerClient, type WorkerPort } from '../../worker-client.ts';
import {
  type Adjustments,
  type DrawForm,
  type PresetName,
  planDrawing,
  sizeOf,
  withChange,
} from '../composer/draw-form.ts';
import { addReferences, moveReference, type Reference, removeReference } from '../composer/references.ts';
import { type DrawJob, isOver, markStopping, newDrawJob } from '../jobs/draw-job.ts';
import { newQuestion } from '../jobs/question.ts';
import { quoted } from '../ui/format.ts';
import { workerEvents } from './events.ts';
import { jobOf, shelfJobs, shownJob, wouldQueue } from './selectors.ts';
import {
  CPU,
  failureId,
  failureNotice,
  initialState,
  type Notice,
  type Settings,
  type StudioState,
  type Theme,
  UNREADABLE,
  type View,
  withNotice,
  withoutModel,
} from './state.ts';

/** What the studio is given: the model to open and the outside world, so that tests can give another one. */
export interface StudioWorld {
  readonly model: ModelRef;
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
  /** `unread` counts further pictures that were given with them and found no place. */
  addReferences(added: readonly Reference[], unread?: number): void;
  replaceReferences(references: readonly Reference[]): void;
  moveReference(from: number, to: number): void;
  removeReference(id: string): void;
  setPreset(preset: PresetName): void;
  change(change: Partial<Adjustments>): void;
  putBack(): void;
  setSeed(seed: number): void;
  rollSeed(): void;
  lockSeed(locked: boolean): void;
  setChecksItself(on: boolean): void;
  setRounds(rounds: number): void;
  /** Checks the form and starts or queues the picture. False if something stands in the way; `problems` says what. */
  make(): boolean;
  /** Starts or queues the same request once more, with the same seed. */
  makeAgain(id: JobId): void;
  /** Puts an example into the composer and makes it, with the example's own seed and size. */
  makeExample(example: ExampleRequest): void;
  ask(question: string, picture: Blob, about: string): void;
  /** Stops what is running and keeps what is there. */
  stop(): void;
  /** Takes a waiting job out of the queue. */
  takeOut(id: JobId): void;
  /** Removes a job that is over from the shelf, with a way back. */
  remove(id: JobId): void;
  /** Puts a removed job back on the shelf. */
  bringBack(job: DrawJob): void;
  show(id: JobId): void;
  /** Clears the canvas for a new start; what was made stays on the shelf. */
  clearCanvas(): void;
  setView(view: View): void;
  lookBack(at: StudioState['lookBack']): void;
  notify(notice: Notice): void;
  dismiss(noticeId: string): void;
  /** Starts the worker anew and loads the model. */
  loadModel(): void;
  say(words: string): void;
  dispose(): void;
}

export interface ExampleRequest {
  readonly prompt: string;
  readonly references: readonly Reference[];
  readonly seed: number;
  readonly width: number;
  readonly height: number;
}

export function createStudio(world: StudioWorld): Studio {
  const store = createStore<StudioState>(() => initialState(world.settings));
  const { getState: get, setState: set } = store;
  const events = workerEvents(store, startNext);
  const client = createWorkerClient(events, world.spawn);
  let lastId = 0;
  const newId = () => `job-${++lastId}` as JobId;

  /** Sends the next waiting job to the worker, if it is free and the model is there. */
  function startNext(): void {
    const { model, running, queue, jobs, questions } = get();
    const [next, ...rest] = queue;
    if (model.status !== 'ready' || running !== undefined || next === undefined) return;
    set({ running: next, queue: rest });
    const job = jobs.find((each) => each.id === next);
    const question = questions.find((each) => each.id === next);
    if (job) {
      const left = shownJob(get());
      const failure = left && left.id !== next ? failureNotice(left) : undefined;
      if (failure) actions.notify(failure);
      set({ shown: next, lookBack: undefined, view: viewOf(job) });
      client.draw(next, job.request);
    } else if (question) {
      client.ask(next, question.request);
    }
  }

  function enqueue(id: JobId): void {
    set({ queue: [...get().queue, id] });
    // Without a model it would wait for ever.
    if (get().model.status === 'failed') actions.loadModel();
    startNext();
  }

  function enqueueJob(job: DrawJob): void {
    // Who draws on has read it.
    if (get().notices.some(({ id }) => id === CPU)) actions.dismiss(CPU);
    set((state) => ({
      jobs: [...state.jobs, job],
      ...(wouldQueue(state)
        ? { said: 'Added to the queue.' }
        : { shown: job.id, view: viewOf(job), lookBack: undefined, said: 'Starting.' }),
    }));
    enqueue(job.id);
  }

  function dropJob(id: JobId): void {
    set(({ jobs, shown }) => {
      const left = jobs.filter((job) => job.id !== id);
      return { jobs: left, shown: shown === id ? shelfJobs(left)[0]?.id : shown };
    });
  }

  const actions: StudioActions = {
    setTheme: (theme) => set({ theme }),
    setPrompt: (prompt) => set(({ form }) => ({ form: { ...form, prompt }, problems: [] })),
    addReferences(added, unread = 0) {
      const { list, refused } = addReferences(get().form.references, added);
      set(({ form }) => ({ form: { ...form, references: list }, problems: [] }));
      if (refused + unread > 0) actions.notify(refusedNotice(refused + unread));
    },
    replaceReferences: (references) => set(({ form }) => ({ form: { ...form, references }, problems: [] })),
    moveReference: (from, to) =>
      set(({ form }) => ({ form: { ...form, references: moveReference(form.references, from, to) } })),
    removeReference: (id) =>
      set(({ form }) => ({ form: { ...form, references: removeReference(form.references, id) } })),
    setPreset: (preset) =>
      set(({ form }) => {
        // The steps are what a preset is; other changes are kept.
        const { steps: _, ...changes } = form.changes;
        return { form: { ...form, preset, changes } };
      }),
    change: (change) => set(({ form }) => ({ form: withChange(form, change), problems: [] })),
    putBack: () => set(({ form }) => ({ form: { ...form, changes: {} }, problems: [] })),
    setSeed: (seed) => set(({ form }) => ({ form: { ...form, seed, seedLocked: true }, problems: [] })),
    rollSeed: () => actions.setSeed(world.randomSeed()),
    lockSeed: (seedLocked) => set(({ form }) => ({ form: { ...form, seedLocked } })),
    setChecksItself: (checksItself) => set(({ form }) => ({ form: { ...form, checksItself } })),
    setRounds: (rounds) => set(({ form }) => ({ form: { ...form, rounds } })),
    make() {
      const { form } = get();
      const seed = form.seedLocked ? form.seed : world.randomSeed();
      const plan = planDrawing(form, seed);
      if (!plan.ok) {
        const said = plan.problems.map(({ message, action }) => `${message} ${action}`).join(' ');
        set({ problems: plan.problems, said });
        return false;
      }
      const name = Object.keys(form.changes).length > 0 ? 'own settings' : form.preset;
      set({ form: { ...form, seed }, problems: [] });
      actions.dismiss(UNREADABLE);
      enqueueJob(newDrawJob(newId(), plan.request, plan.size, name));
      return true;
    },
    makeAgain(id) {
      const job = jobOf(get(), id);
      if (!job) return;
      actions.dismiss(failureId(id));
      enqueueJob(newDrawJob(newId(), job.request, job.size, job.settingsName));
    },
    makeExample({ prompt, references, seed, width, height }) {
      set(({ form }) => {
        const next: DrawForm = { ...form, prompt, references, seed, seedLocked: true, changes: {} };
        const asIs = sizeOf(next);
        const fits = asIs.width === width && asIs.height === height;
        return { form: fits ? next : withChange(next, { size: { kind: 'fixed', width, height } }) };
      });
      actions.make();
      actions.lockSeed(false);
    },
    ask(question, picture, about) {
      const request = { question, pictures: [picture], maxNewTokens: MAX_NEW_TOKENS };
      const asked = newQuestion(newId(), request, about);
      set((state) => ({ questions: [...state.questions, asked] }));
      enqueue(asked.id);
    },
    stop() {
      const { running, jobs } = get();
      if (running === undefined) return;
      set({ jobs: jobs.map((job) => (job.id === running ? markStopping(job) : job)) });
      client.cancel(running);
    },
    takeOut(id) {
      if (!get().queue.includes(id)) return;
      set(({ queue, questions }) => ({
        queue: queue.filter((each) => each !== id),
        questions: questions.filter((question) => question.id !== id),
      }));
      dropJob(id);
    },
    remove(id) {
      const job = jobOf(get(), id);
      if (!job || !isOver(job)) return;
      dropJob(id);
      actions.dismiss(failureId(id));
      actions.notify(removedNotice(job));
      actions.say('Removed from the shelf.');
    },
    bringBack(job) {
      const { jobs } = get();
      actions.dismiss(REMOVED);
      if (jobOf(get(), job.id)) return;
      const later = jobs.findIndex((each) => orderOf(each.id) > orderOf(job.id));
      set({ jobs: jobs.toSpliced(later < 0 ? jobs.length : later, 0, job) });
      actions.show(job.id);
    },
    show(id) {
      const job = get().jobs.find((each) => each.id === id);
      if (job) set({ shown: id, lookBack: undefined, view: viewOf(job) });
    },
    clearCanvas: () => set({ shown: undefined, lookBack: undefined }),
    setView: (view) => set({ view }),
    lookBack: (lookBack) => set({ lookBack }),
    notify: (notice) => set(({ notices }) => ({ notices: withNotice(notices, notice) })),
    dismiss: (id) =>
      set(({ notices, acceptsCpu }) => ({
        notices: notices.filter((notice) => notice.id !== id),
        acceptsCpu: acceptsCpu || id === CPU,
      })),
    loadModel() {
      const { running } = get();
      set({ model: { status: 'starting' } });
      // The worker goes, and with it what it was drawing; the last preview is kept.
      if (running !== undefined) events.job(running, { type: 'cancelled' });
      set(({ notices }) => ({ notices: withoutModel(notices) }));
      client.open(world.model, world.backend);
    },
    say: (said) => set({ said }),
    dispose: client.dispose,
  };
  return { store, actions };
}

/** Rounds lie side by side from the start; a single drawing lies alone. */
function viewOf(job: DrawJob): View {
  return job.request.rounds > 1 ? 'rounds' : 'picture';
}

/** Jobs are numbered as they were asked for. */
function orderOf(id: JobId): number {
  return Number(id.slice('job-'.length));
}

const REMOVED = 'removed';

/** Only the last removal can be undone: a second one lets the first picture go. */
function removedNotice(job: DrawJob): Notice {
  return {
    id: REMOVED,
    tone: 'good',
    title: 'Removed from the shelf',
    text: `${quoted(job.request.prompt)} can be brought back as long as this is here.`,
    remedy: { kind: 'bring back', job },
  };
}

function refusedNotice(refused: number): Notice {
  return {
    id: 'too many pictures',
    tone: 'warn',
    title: refused === 1 ? 'One picture found no place' : `${refused} pictures found no place`,
    text: `OmniGen2 takes up to ${MAX_REFERENCES} pictures. The ones that are there are safe; remove one to make room.`,
  };
}
