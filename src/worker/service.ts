/** The worker's side of the protocol: loads the model, runs one job at a time, and answers with events. */

import type { Adapter } from '../checkpoints/adapters/changes.ts';
import { type ErrorReport, OmniError, reportOf } from '../errors.ts';
import {
  type AdapterOutcome,
  type FromWorker,
  type JobEvent,
  type JobId,
  type JobResult,
  type ModelState,
  type Picture,
  PROTOCOL_VERSION,
  type ToWorker,
} from '../protocol.ts';
import type { LoadModel, Opened, Wanted } from './load.ts';
import { readAdapters } from './read-adapters.ts';
import { runAsk } from './run-ask.ts';
import { LiveConversation } from './run-turn.ts';
import { runDraw } from './run-draw.ts';

export interface ServiceHost {
  /** Sends a message to the page. */
  post(message: FromWorker): void;
  /** Brings in the model that the page wants. */
  readonly load: LoadModel;
  /** Ends the worker with words for the person: the page starts another one and counts the running job as failed. */
  crash(words: string): void;
}

interface Job {
  readonly id: JobId;
  readonly work: Extract<ToWorker, { type: 'draw' | 'ask' | 'chat' }>;
  readonly abort: AbortController;
}

/** What waits for its turn with the model: a job, or other adapters for the jobs after it. */
type Task = Job | AdapterChange;

interface AdapterChange {
  readonly change: Extract<ToWorker, { type: 'adapters' }>;
  readonly abort: AbortController;
}

/** One opening of the model, from its beginning on. */
interface Opening {
  readonly abort: AbortController;
  readonly opened: Promise<Opened>;
}

/** What becomes of adapters for a model that another one takes the place of. */
const SUPERSEDED: ErrorReport = {
  code: 'cancelled',
  permanent: false,
  message: 'Another model is being loaded, so the adapters for this one were left out.',
  action: 'Choose adapters for the model that is loading.',
};

export class ModelService {
  readonly #host: ServiceHost;
  #wanted: Wanted | undefined;
  #opening: Opening | undefined;
  readonly #conversation = new LiveConversation();
  #waiting: Task[] = [];
  #running: Task | undefined;
  /** What the model is to have; opened anew, it gets them again. */
  #adapters: readonly Adapter[] = [];
  /** Why it does not have them, in sentences. */
  #withoutAdapters: string | undefined;
  /** Settles when no job uses the model any more. */
  #idle: Promise<void> = Promise.resolve();

  constructor(host: ServiceHost) {
    this.#host = host;
  }

  /** Takes one message of the page. What goes wrong with it is answered, not thrown. */
  handle(message: ToWorker): void {
    switch (message.type) {
      case 'open':
        this.#open(message);
        return;
      case 'draw':
      case 'ask':
      case 'chat':
        this.#enqueue({ id: message.job, work: message, abort: new AbortController() });
        return;
      case 'cancel':
        this.#cancel(message.job);
        return;
      case 'end':
        this.#conversation.end(message.conversation);
        return;
      case 'adapters':
        this.#enqueueChange({ change: message, abort: new AbortController() });
        return;
      default:
        message satisfies never;
    }
  }

  /**
   * A second model takes the place of the first; the job that runs on the first is stopped, and adapters for the first
   * are left out.
   */
  #open({ version, model, backend }: Extract<ToWorker, { type: 'open' }>): void {
    if (version !== PROTOCOL_VERSION) {
      const error = new OmniError({
        code: 'internal',
        message: `The page speaks version ${version} of the protocol and its worker version ${PROTOCOL_VERSION}.`,
        action: 'Reload the page: a newer version was installed while it was open.',
      });
      this.#postModel({ status: 'failed', error: error.toReport() });
      return;
    }
    this.#wanted = { model, backend };
    this.#running?.abort.abort();
    this.#adapters = [];
    for (const task of this.#waiting.filter(isChange))
      this.#postOutcome(task, { status: 'failed', error: SUPERSEDED });
    this.#waiting = this.#waiting.filter((task) => !isChange(task));
    this.#reopen(this.#wanted);
  }

  /** Opens the model anew once no job uses the one before. Jobs that wait run on the new one. */
  #reopen(wanted: Wanted): void {
    const before = this.#opening;
    before?.abort.abort();
    const abort = new AbortController();
    const opening: Opening = { abort, opened: this.#replace(before, wanted, abort.signal) };
    this.#opening = opening;
    const isCurrent = () => this.#opening === opening;
    opening.opened.then(
      (opened) => {
        if (!isCurrent()) return;
        this.#postReady(opened);
        const { lost } = opened;
        // Not left to the next job, which would run into the lost device.
        void lost.then(() => isCurrent() && this.#reopen(wanted));
      },
      (error: unknown) => {
        if (isCurrent()) this.#postModel({ status: 'failed', error: reportOf(error, 'Loading the model') });
      },
    );
  }

  async #replace(before: Opening | undefined, wanted: Wanted, signal: AbortSignal): Promise<Opened> {
    await this.#idle;
    // What failed to open has nothing to close, and what fails to close is gone all the same.
    await before?.opened
      .then(async (opened) => {
        try {
          this.#conversation.forget();
        } finally {
          await opened.dispose();
        }
      })
      .catch(() => undefined);
    signal.throwIfAborted();
    const opened = await this.#host.load(signal, wanted, {
      onProgress: (progress) => {
        if (!signal.aborted) this.#postModel({ status: 'loading', ...progress });
      },
      onPart: (part) => {
        const task = this.#running;
        if (task && !isChange(task)) this.#postJob(task.id, { type: 'preparing', part });
      },
    });
    this.#withoutAdapters = undefined;
    try {
      await opened.model.setAdapters(this.#adapters);
    } catch (error) {
      if (opened.engineFailed()) {
        await opened.dispose().catch(() => undefined);
        throw error;
      }
      const { message, action } = reportOf(error, 'Loading the adapters');
      this.#withoutAdapters = `The model was loaded without its adapters. ${message} ${action}`;
    }
    return opened;
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    this.#postJob(job.id, { type: 'queued' });
    this.#startNext();
  }

  /** Changes go before the jobs that wait, in their own order. */
  #enqueueChange(change: AdapterChange): void {
    const jobs = this.#waiting.filter((task) => !isChange(task));
    this.#waiting = [...this.#waiting.filter(isChange), change, ...jobs];
    this.#startNext();
  }

  #cancel(id: JobId): void {
    const isWanted = (task: Task | undefined): task is Job =>
      task !== undefined && !isChange(task) && task.id === id;
    if (isWanted(this.#running)) {
      this.#running.abort.abort();
      return;
    }
    const waiting = this.#waiting.find(isWanted);
    if (!waiting) return;
    this.#waiting = this.#waiting.filter((task) => task !== waiting);
    this.#postJob(id, { type: 'cancelled' });
  }

  #startNext(): void {
    if (this.#running) return;
    const task = this.#waiting.shift();
    if (!task) return;
    this.#running = task;
    this.#idle = (isChange(task) ? this.#apply(task) : this.#run(task)).then(() => {
      this.#running = undefined;
      this.#startNext();
    });
  }

  /** Runs one job to its end, which is always told. */
  async #run({ id, work, abort: { signal } }: Job): Promise<void> {
    const opening = this.#opening;
    let partial: Picture | undefined;
    const emit = (event: JobEvent) => {
      if (event.type === 'picture') partial = event.picture;
      if (event.type === 'denoising') partial = event.preview ?? partial;
      this.#postJob(id, event);
    };
    let doing = 'Loading the model';
    let opened: Opened | undefined;
    try {
      if (!opening) throw new Error('no model was asked for');
      opened = await unlessAborted(opening.opened, signal);
      doing = work.type === 'draw' ? 'Drawing' : 'Answering';
      emit({ type: 'done', result: await this.#workInMemory(signal, opened, work, emit) });
    } catch (error) {
      const report = reportOf(error, doing, signal);
      if (report.code === 'cancelled') {
        emit({ type: 'cancelled', partial });
      } else if (opened?.engineFailed()) {
        // What waits here would run into it as well; it ends with this worker.
        this.#waiting = [];
        this.#host.crash(report.message);
      } else {
        emit({ type: 'failed', error: report });
        // A failed device is opened anew, so that the next job finds a working one.
        const stale = opened && report.code === 'device' && this.#opening === opening;
        if (stale && this.#wanted) this.#reopen(this.#wanted);
      }
    }
  }

  /** Does a job; if it fails for the device and a conversation is held there, that is freed and the job begins once more. */
  async #workInMemory(
    signal: AbortSignal,
    opened: Opened,
    work: Job['work'],
    emit: (event: JobEvent) => void,
  ): Promise<JobResult> {
    try {
      return await this.#work(signal, opened, work, emit);
    } catch (error) {
      const lacks = error instanceof OmniError && error.code === 'device' && !opened.engineFailed();
      if (!lacks || work.type === 'chat' || !this.#conversation.release()) throw error;
      signal.throwIfAborted();
      return this.#work(signal, opened, work, emit);
    }
  }

  #work(
    signal: AbortSignal,
    { model }: Opened,
    work: Job['work'],
    emit: (event: JobEvent) => void,
  ): Promise<JobResult> {
    switch (work.type) {
      case 'draw':
        return runDraw(signal, model, work.request, emit);
      case 'ask':
        return runAsk(signal, model, work.request, emit);
      case 'chat':
        return this.#conversation.run(signal, model, work.request, emit);
      default:
        return work satisfies never;
    }
  }

  /** Gives the model other adapters; if that fails, it keeps those it has. How it ended is always told. */
  async #apply(task: AdapterChange): Promise<void> {
    const { adapters } = task.change;
    const { signal } = task.abort;
    const opening = this.#opening;
    let opened: Opened | undefined;
    let outcome: AdapterOutcome = { status: 'done' };
    try {
      if (!opening) throw new Error('no model was asked for');
      opened = await unlessAborted(opening.opened, signal);
      const totalBytes = adapters.reduce((sum, { file }) => sum + file.size, 0);
      this.#postModel({ status: 'loading', doneBytes: 0, totalBytes, from: 'cache' });
      const wanted = await readAdapters(adapters, opened.model.checkpoint);
      await opened.model.setAdapters(wanted);
      signal.throwIfAborted();
      this.#adapters = wanted;
      this.#withoutAdapters = undefined;
    } catch (error) {
      const report = signal.aborted ? SUPERSEDED : reportOf(error, 'Loading the adapters');
      outcome = { status: 'failed', error: report };
      if (opened?.engineFailed()) {
        this.#waiting = [];
        this.#host.crash(report.message);
        return;
      }
    }
    this.#postOutcome(task, outcome);
    if (opened && this.#opening === opening) this.#postReady(opened);
  }

  #postOutcome({ change: { change } }: AdapterChange, outcome: AdapterOutcome): void {
    this.#host.post({ type: 'adapters', change, outcome });
  }

  #postReady({ model: { checkpoint }, device, note: ofLoading }: Opened): void {
    const { name, sizeBytes, trainedOn } = checkpoint;
    const trainedSide = trainedOn.side;
    const notes = [ofLoading, this.#withoutAdapters].filter((note) => note !== undefined);
    const note = notes.length > 0 ? notes.join(' ') : undefined;
    this.#postModel({ status: 'ready', model: name, sizeBytes, trainedSide, device, note });
  }

  #postModel(state: ModelState): void {
    this.#host.post({ type: 'model', state });
  }

  #postJob(job: JobId, event: JobEvent): void {
    this.#host.post({ type: 'job', job, event });
  }
}

function isChange(task: Task): task is AdapterChange {
  return 'change' in task;
}

/** What `promise` gives, unless `signal` is aborted first. @throws AbortError, or what `promise` rejects with */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
