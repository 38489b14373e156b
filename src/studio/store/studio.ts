/** The studio: state, the worker, and everything a person can do. Components call actions and select state. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { BackendChoice, JobId, ModelRef } from '../../protocol.ts';
import {
  type Adjustments,
  type DrawForm,
  MAX_SEED,
  type PresetName,
  planDrawing,
  sizeOf,
  withChange,
} from '../composer/draw-form.ts';
import {
  addReferences,
  MAX_REFERENCES,
  moveReference,
  type Reference,
  removeReference,
} from '../composer/references.ts';
import { type DrawJob, keptOf, markStopping, newDrawJob } from '../jobs/draw-job.ts';
import { ANSWER_TOKENS, newQuestion } from '../jobs/question.ts';
import { createWorkerClient, type WorkerPort } from '../worker-client.ts';
import { workerEvents } from './events.ts';
import {
  initialState,
  type Notice,
  type Settings,
  type StudioState,
  type Theme,
  type View,
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
  addReferences(added: readonly Reference[]): void;
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
  /** Puts an example into the composer and makes it, with the example's own seed and size. */
  makeExample(example: ExampleRequest): void;
  ask(question: string, picture: Blob, about: string): void;
  /** Stops what is running and keeps what is there. */
  stop(): void;
  /** Takes a waiting job out of the queue. */
  takeOut(id: JobId): void;
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
      set({ shown: next, lookBack: undefined, view: viewOf(job) });
      client.draw(next, job.request);
    } else if (question) {
      client.ask(next, question.request);
    }
  }

  function enqueue(id: JobId): void {
    set({ queue: [...get().queue, id] });
    startNext();
  }

  const actions: StudioActions = {
    setTheme: (theme) => set({ theme }),
    setPrompt: (prompt) => set(({ form }) => ({ form: { ...form, prompt }, problems: [] })),
    addReferences(added) {
      const { list, refused } = addReferences(get().form.references, added);
      set(({ form }) => ({ form: { ...form, references: list }, problems: [] }));
      if (refused > 0) actions.notify(refusedNotice(refused));
    },
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
      const job = newDrawJob(newId(), plan.request, name);
      set((state) => ({
        form: { ...form, seed },
        problems: [],
        jobs: [...state.jobs, job],
        shown: state.running === undefined ? job.id : state.shown,
        view: state.running === undefined ? viewOf(job) : state.view,
        said: state.running === undefined ? 'Starting.' : 'Added to the queue.',
      }));
      enqueue(job.id);
      return true;
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
      const request = { question, pictures: [picture], maxNewTokens: ANSWER_TOKENS };
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
    takeOut: (id) =>
      set(({ queue, jobs, questions, shown }) => ({
        queue: queue.filter((each) => each !== id),
        jobs: jobs.filter((job) => job.id !== id),
        questions: questions.filter((question) => question.id !== id),
        shown: shown === id ? jobs.findLast((job) => keptOf(job) !== undefined)?.id : shown,
      })),
    show(id) {
      const job = get().jobs.find((each) => each.id === id);
      if (job) set({ shown: id, lookBack: undefined, view: viewOf(job) });
    },
    clearCanvas: () => set({ shown: undefined, lookBack: undefined }),
    setView: (view) => set({ view }),
    lookBack: (lookBack) => set({ lookBack }),
    notify: (notice) =>
      set(({ notices }) => ({ notices: [...notices.filter(({ id }) => id !== notice.id), notice] })),
    dismiss: (id) =>
      set(({ notices, acceptsCpu }) => ({
        notices: notices.filter((notice) => notice.id !== id),
        acceptsCpu: acceptsCpu || id === 'cpu',
      })),
    loadModel() {
      const { running } = get();
      set({ model: { status: 'starting' } });
      // The worker goes, and with it what it was drawing; the last preview is kept.
      if (running !== undefined) events.job(running, { type: 'cancelled' });
      set(({ notices }) => ({ notices: notices.filter((each) => !each.remedy) }));
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

function refusedNotice(refused: number): Notice {
  return {
    id: 'too many pictures',
    tone: 'warn',
    title: refused === 1 ? 'One picture found no place' : `${refused} pictures found no place`,
    text: `OmniGen2 takes up to ${MAX_REFERENCES} pictures. The ones that are there are safe; remove one to make room.`,
  };
}

export function randomSeed(): number {
  return Math.floor(Math.random() * (MAX_SEED + 1));
}
