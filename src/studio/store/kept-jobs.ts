/** Keeps the jobs of the studio in the browser, and brings them back in later visits and in other tabs. */

import { fromStored, type StoredPicture } from '../../jobs/job-events.ts';
import { JobKeeper } from '../../jobs/job-keeper.ts';
import {
  type AskSpec,
  continueIdsAfter,
  type DrawSpec,
  type JobSpec,
  newJobId,
} from '../../jobs/job-spec.ts';
import { JobStore, type StoredJob } from '../../jobs/job-store.ts';
import { encodePng } from '../../pictures/encode.web.ts';
import { type DrawingSnapshot, isLastEvent, type JobId, type Picture } from '../../protocol.ts';
import { applyDrawEvent, type DrawJob, newDrawJob } from '../jobs/draw-job.ts';
import { applyAnswerEvent, newQuestion, type Question } from '../jobs/question.ts';
import { askToKeepStorage } from '../ui/browser-storage.ts';
import { inputName } from '../ui/picture-files.ts';
import type { StoredJobs, StudioKeeper } from './environment.ts';
import type { Notice } from './state.ts';

/** Jobs that come back at the start. The store has more. */
const JOBS_AT_START = 24;
/** Their pictures take at most this many bytes. */
const BYTES_AT_START = 128e6;
/** A deletion can be undone for this long. */
const UNDO_MS = 24 * 3600 * 1000;

const CHANNEL = 'omnigen2-jobs';
/** The tab that holds this lock draws. */
const TURN = 'omnigen2-drawing';
const TAB = 'omnigen2-tab-';

export interface KeptJobs extends StudioKeeper {
  /** See {@link StudioEnvironment.takeTurn}. */
  takeTurn(): Promise<() => void>;
  /** The store; undefined if this browser has none. */
  readonly store: Promise<JobStore | undefined>;
  /** The newest jobs, and the unfinished ones of tabs that are gone, which are this tab's from now on. */
  restore(): Promise<StoredJobs>;
  /** Calls `onJob` with each job that another tab has finished. */
  follow(onJob: (stored: StoredJobs) => void): void;
  /** Calls `listener` when a job in the store has changed, here or in another tab. */
  onChange(listener: (id: JobId) => void): void;
  /** One job of the store as the studio shows it; undefined if it is not there. */
  view(id: JobId): Promise<StoredJobs | undefined>;
  star(id: JobId, starred: boolean): Promise<void>;
}

export function keepJobs(notify: (notice: Notice) => void): KeptJobs {
  const tab = newJobId();
  const store = JobStore.open({ onSuperseded: () => notify(SUPERSEDED) }).catch((cause: unknown) => {
    notify({ ...NOT_KEPT, details: String(cause) });
    return undefined;
  });
  const opened = async () => {
    const open = await store;
    if (!open) throw new DOMException('the browser refused storage', 'InvalidStateError');
    return open;
  };
  const channel = new BroadcastChannel(CHANNEL);
  const listeners = new Set<(id: JobId) => void>();
  const changed = (id: JobId) => {
    channel.postMessage(id);
    for (const listener of listeners) listener(id);
  };
  const keeper = new JobKeeper({
    store: {
      put: async (...job) => (await opened()).put(...job),
      append: async (...event) => (await opened()).append(...event),
      snapshot: async (...state) => (await opened()).snapshot(...state),
    },
    owner: tab,
    encode: encodePng,
    onWritten: changed,
    onFailure: async (_, cause) => {
      if (await store) notify({ ...NOT_WRITTEN, details: String(cause) });
    },
  });
  // Held until the tab is gone.
  void navigator.locks?.request(TAB + tab, () => new Promise(() => undefined));
  let asked = false;
  const persist = () => {
    if (asked) return;
    asked = true;
    void askToKeepStorage();
  };

  return {
    store,
    drawQueued({ id, request, size, settingsName }, { key, name }) {
      const { prompt, references, settings, rounds } = request;
      const job = { version: 1, id, createdMs: Date.now(), model: { key, name } } as const;
      const inputs = references.map(inputOf);
      keeper.queued({ ...job, kind: 'draw', prompt, inputs, settings, rounds, size, settingsName });
      persist();
    },
    questionQueued({ id, request, job: about }, { key, name }) {
      const { question, pictures, maxNewTokens } = request;
      const job = { version: 1, id, createdMs: Date.now(), model: { key, name } } as const;
      keeper.queued({ ...job, kind: 'ask', question, inputs: pictures.map(inputOf), maxNewTokens, about });
    },
    event: (id, event) => keeper.event(id, event),
    snapshot: (id, snapshot) => keeper.snapshot(id, snapshot),
    async deleted(id) {
      await keeper.written(id);
      await (await store)?.delete(id).catch(ignore);
      changed(id);
    },
    async restored(id) {
      await (await store)?.restore(id).catch(ignore);
      changed(id);
    },
    async star(id, starred) {
      await (await store)?.star(id, starred);
      changed(id);
    },
    onChange: (listener) => void listeners.add(listener),
    async view(id) {
      const open = await store;
      const job = await open?.get(id).catch(ignore);
      return open && job && viewsOf(open, [job]);
    },
    takeTurn: () =>
      new Promise((resolve) => {
        if (!navigator.locks) return resolve(() => undefined);
        void navigator.locks.request(TURN, () => new Promise<void>((end) => resolve(end)));
      }),
    async restore() {
      const open = await store;
      if (!open) return NOTHING;
      const tabs = await openTabs();
      const mine = await open.adopt(tab, (other) => tabs.has(other));
      const newest = await open.list({ limit: JOBS_AT_START });
      if (newest[0]) continueIdsAfter(newest[0].spec.id);
      const known = new Set(mine.map(({ spec }) => spec.id));
      const stored = await viewsOf(open, [...mine, ...newest.filter(({ spec }) => !known.has(spec.id))]);
      const snapshots = new Map<JobId, DrawingSnapshot>();
      for (const { spec, events } of mine) {
        keeper.goesOn(spec.id, events);
        const snapshot = await open.snapshotOf(spec.id);
        if (snapshot) snapshots.set(spec.id, snapshot);
      }
      void open.purge(Date.now() - UNDO_MS).catch(ignore);
      const shown = new Set([...stored.jobs, ...stored.questions].map(({ id }) => id));
      const queue = mine.map(({ spec }) => spec.id).filter((id) => shown.has(id));
      return { ...stored, queue, snapshots };
    },
    follow(onJob) {
      channel.onmessage = async ({ data: id }: MessageEvent<JobId>) => {
        for (const listener of listeners) listener(id);
        const open = await store;
        const job = await open?.get(id).catch(ignore);
        if (!open || !job || !isOver(job)) return;
        onJob(await viewsOf(open, [job]));
      };
    },
  };
}

const NOTHING: StoredJobs = { jobs: [], questions: [], queue: [], snapshots: new Map() };

/** The IDs of the tabs that are open. */
async function openTabs(): Promise<ReadonlySet<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set(held.flatMap(({ name }) => (name?.startsWith(TAB) ? [name.slice(TAB.length)] : [])));
}

function inputOf(file: Blob, index: number) {
  return { file, name: inputName(file, index) };
}

function isOver({ events }: StoredJob): boolean {
  const last = events.at(-1);
  return last !== undefined && isLastEvent(last);
}

/**
 * What the studio shows of stored jobs. A job whose files are gone is left out, and so is what exceeds the
 * limit.
 */
async function viewsOf(store: JobStore, stored: readonly StoredJob[]): Promise<StoredJobs> {
  const jobs: DrawJob[] = [];
  const questions: Question[] = [];
  let bytes = 0;
  const load = async ({ blob: key, width, height }: StoredPicture): Promise<Picture> => {
    const blob = await store.blob(key);
    if (!blob) throw new DOMException('a picture is gone', 'NotFoundError');
    bytes += 4 * width * height;
    return decode(blob);
  };
  for (const job of stored) {
    if (bytes > BYTES_AT_START && isOver(job)) continue;
    try {
      const { spec } = job;
      const files = await filesOf(store, spec);
      if (spec.kind === 'draw') jobs.push(await drawJob(spec, files, job, load));
      else questions.push(await question(spec, files, job, load));
    } catch (cause) {
      console.warn(`The job ${job.spec.id} cannot be shown: ${cause}`);
    }
  }
  return { ...NOTHING, jobs, questions };
}

async function filesOf(store: JobStore, { inputs }: JobSpec): Promise<Blob[]> {
  return Promise.all(
    inputs.map(async ({ blob: key, name }) => {
      const blob = await store.blob(key);
      if (!blob) throw new DOMException(`the file ${name} is gone`, 'NotFoundError');
      return new File([blob], name, { type: blob.type });
    }),
  );
}

async function drawJob(
  spec: DrawSpec,
  references: readonly Blob[],
  stored: StoredJob,
  load: (picture: StoredPicture) => Promise<Picture>,
): Promise<DrawJob> {
  const { id, prompt, settings, rounds, size, settingsName } = spec;
  let job = newDrawJob(id, { prompt, references, settings, rounds }, size, settingsName);
  for (const event of stored.events) job = applyDrawEvent(job, await fromStored(event, load));
  return isOver(stored) ? job : { ...job, state: { status: 'waiting' } };
}

async function question(
  { id, question: words, maxNewTokens, about }: AskSpec,
  pictures: readonly Blob[],
  stored: StoredJob,
  load: (picture: StoredPicture) => Promise<Picture>,
): Promise<Question> {
  let asked = newQuestion(id, { question: words, pictures, maxNewTokens }, about);
  for (const event of stored.events) asked = applyAnswerEvent(asked, await fromStored(event, load));
  return asked;
}

async function decode(blob: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new DOMException('no canvas', 'NotSupportedError');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

function ignore(): undefined {
  return undefined;
}

const NOT_KEPT: Notice = {
  id: 'not kept',
  tone: 'warn',
  title: 'This browser does not keep your pictures',
  text: 'It refuses storage, for example in a private window. Save the pictures that you want to keep.',
};

const NOT_WRITTEN: Notice = {
  id: 'not written',
  tone: 'warn',
  title: 'The browser could not keep a picture',
  text: 'It is here until you close the tab: save it. To make room, delete pictures or models that you do not need.',
};

const SUPERSEDED: Notice = {
  id: 'superseded',
  tone: 'warn',
  title: 'A newer version of this page is open in another tab',
  text: 'New pictures in this tab are not kept. Reload this tab.',
};
