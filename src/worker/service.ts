/** The worker's side of the protocol: loads the model, runs one job at a time and answers with events. */

import type { Adapter } from '../checkpoints/adapters/changes.ts';
import { type ErrorReport, OmniError, reportOf } from '../errors.ts';
import { goesOn } from '../interruption.ts';
import {
  type AdapterOutcome,
  type DrawingSnapshot,
  type FromWorker,
  type JobEvent,
  type JobId,
  type JobResult,
  type ModelState,
  openOfAnyVersion,
  type Picture,
  PROTOCOL_VERSION,
  type ToWorker,
} from '../protocol.ts';
import type { LoadedModel, LoadModel, LoadRequest } from './load.ts';
import { readAdapters } from './read-adapters.ts';
import { readMessage } from './read-message.ts';
import { runAsk } from './run-ask.ts';
import { runDraw } from './run-draw.ts';
import { runMeasure } from './run-measure.ts';
import { LiveConversation } from './run-turn.ts';
import { RENEWED, SUPERSEDED } from './service-errors.ts';
import { smallerPlan } from './smaller-plan.ts';
import { type AdapterChange, DOING, isChange, type Job, type Task } from './tasks.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface ServiceHost {
  /** Sends a message to the page. */
  post(message: FromWorker): void;
  /** Loads the model that the page asks for. */
  readonly load: LoadModel;
  /**
   * Ends the worker with a sentence for the person. The page starts another worker and counts the running job
   * as failed.
   */
  crash(message: string): void;
}

/** A model that is loading or loaded. */
interface Loading {
  readonly abort: AbortController;
  readonly loaded: Promise<LoadedModel>;
}

/**
 * Handles the messages of one page.
 *
 * @example
 * const service = new ModelService({ post: (message) => self.postMessage(message), load, crash });
 * self.addEventListener('message', ({ data }) => service.handle(data));
 */
export class ModelService {
  readonly #host: ServiceHost;
  #requested: LoadRequest | undefined;
  #loading: Loading | undefined;
  readonly #conversation = new LiveConversation();
  #waiting: Task[] = [];
  #running: Task | undefined;
  /** The adapters that the model should have. It gets them again when it is loaded again. */
  #adapters: readonly Adapter[] = [];
  /** Sentences that say why the model does not have them. */
  #withoutAdapters: string | undefined;
  /** Resolves when no job uses the model. */
  #idle: Promise<void> = Promise.resolve();

  constructor(host: ServiceHost) {
    this.#host = host;
  }

  /** Handles one message of the page. Errors are answered, not thrown. */
  handle(data: unknown): void {
    if (openOfAnyVersion.safeParse(data).success) {
      this.#host.post({ type: 'version', version: PROTOCOL_VERSION });
    }
    const read = readMessage(data);
    if (!read.ok) {
      const { error, answer } = read;
      if (!answer) console.error(`${error.message} ${error.action}`);
      else this.#host.post(answer);
      return;
    }
    const { message } = read;
    switch (message.type) {
      case 'open':
        this.#open(message);
        return;
      case 'draw':
      case 'ask':
      case 'turn':
      case 'measure':
        this.#enqueue({
          id: message.job,
          work: message,
          abort: new AbortController(),
          snapshot: message.type === 'draw' ? message.snapshot : undefined,
        });
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
   * A second model replaces the first. The job that runs on the first is stopped, and changes of its adapters
   * fail.
   */
  #open({ model, backend, budgetBytes }: Extract<ToWorker, { type: 'open' }>): void {
    this.#requested = { model, backend, budgetBytes };
    this.#running?.abort.abort();
    this.#adapters = [];
    for (const task of this.#waiting.filter(isChange))
      this.#postOutcome(task, { status: 'failed', error: SUPERSEDED });
    this.#waiting = this.#waiting.filter((task) => !isChange(task));
    this.#load(this.#requested);
  }

  /** Loads the model as soon as no job uses the one before. Jobs in the queue run on the new one. */
  #load(requested: LoadRequest): void {
    const before = this.#loading;
    before?.abort.abort();
    const abort = new AbortController();
    const loading: Loading = { abort, loaded: this.#replace(before, requested, abort.signal) };
    this.#loading = loading;
    const isCurrent = () => this.#loading === loading;
    loading.loaded.then(
      (loaded) => {
        if (!isCurrent()) return;
        this.#postReady(loaded);
        const { lost } = loaded;
        // Loads again at once: the next job would fail on the lost device.
        void lost.then(() => isCurrent() && this.#load(requested));
      },
      (error: unknown) => {
        if (isCurrent()) this.#postModel({ status: 'failed', error: reportOf(error, 'Loading the model') });
      },
    );
  }

  async #replace(
    before: Loading | undefined,
    requested: LoadRequest,
    signal: AbortSignal,
  ): Promise<LoadedModel> {
    await this.#idle;
    // A model that failed to load has nothing to free. One that fails to be freed is gone, too.
    await before?.loaded
      .then(async (loaded) => {
        try {
          this.#conversation.forget();
        } finally {
          await loaded.dispose();
        }
      })
      .catch(() => undefined);
    signal.throwIfAborted();
    const loaded = await this.#host.load(signal, requested, {
      onProgress: (progress) => {
        if (!signal.aborted) this.#postModel({ status: 'loading', ...progress });
      },
      onPart: (part) => {
        const task = this.#running;
        if (task && !isChange(task)) this.#postJob(task.id, { type: 'loading', part });
      },
    });
    this.#withoutAdapters = undefined;
    try {
      await loaded.model.setAdapters(this.#adapters);
    } catch (error) {
      if (loaded.engineFailed()) {
        await loaded.dispose().catch(() => undefined);
        throw error;
      }
      const { message, action } = reportOf(error, 'Loading the adapters');
      this.#withoutAdapters = `The model was loaded without its adapters. ${message} ${action}`;
    }
    return loaded;
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    this.#postJob(job.id, { type: 'queued' });
    this.#startNext();
  }

  /** Changes of adapters go before the waiting jobs, in their own order. */
  #enqueueChange(change: AdapterChange): void {
    const jobs = this.#waiting.filter((task) => !isChange(task));
    this.#waiting = [...this.#waiting.filter(isChange), change, ...jobs];
    this.#startNext();
  }

  #cancel(id: JobId): void {
    const isThisJob = (task: Task | undefined): task is Job =>
      task !== undefined && !isChange(task) && task.id === id;
    if (isThisJob(this.#running)) {
      this.#running.abort.abort();
      return;
    }
    const waiting = this.#waiting.find(isThisJob);
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

  /** Runs one job. Posts a last event, unless the job goes on later. */
  async #run(job: Job): Promise<void> {
    const { id, work } = job;
    const { signal } = job.abort;
    const loading = this.#loading;
    let partial: Picture | undefined;
    const emit = (event: JobEvent) => {
      if (event.type === 'picture') partial = event.picture;
      if (event.type === 'denoising') partial = event.preview ?? partial;
      this.#postJob(id, event);
    };
    let doing = 'Loading the model';
    let loaded: LoadedModel | undefined;
    try {
      if (!loading) throw new Error('no model was requested');
      loaded = await unlessAborted(loading.loaded, signal);
      doing = DOING[work.type];
      const result = await this.#workInMemory(signal, loaded, job, emit);
      if (result) emit({ type: 'done', result });
    } catch (error) {
      const report = reportOf(error, doing, signal);
      if (report.code === 'cancelled') {
        emit({ type: 'cancelled', partial });
      } else if (loaded && report.code === 'memory') {
        const plan = work.type === 'draw' ? smallerPlan(loaded.model, work.request) : undefined;
        emit({ type: 'failed', error: report, smallerPlan: plan });
        this.#renew(loading, loaded);
      } else if (loaded?.engineFailed()) {
        // Waiting jobs would fail in the same way. They end with this worker.
        this.#waiting = [];
        this.#host.crash(report.message);
      } else {
        if (isOfDevice(report) && goesOn(job, report)) {
          emit({ type: 'interrupted', error: report });
          this.#waiting.unshift(job);
        } else {
          emit({ type: 'failed', error: report });
        }
        if (loaded && report.code === 'device') this.#renew(loading, loaded);
      }
    }
  }

  /**
   * After an error of the device the model is loaded again, so that the next job has a working device. After
   * a failure of the engine another worker has to load it; the waiting jobs end here.
   */
  #renew(loading: Loading | undefined, loaded: LoadedModel): void {
    if (!loaded.engineFailed()) {
      if (this.#requested && this.#loading === loading) this.#load(this.#requested);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const task of waiting) {
      if (isChange(task)) this.#postOutcome(task, { status: 'failed', error: RENEWED });
      else this.#postJob(task.id, { type: 'failed', error: RENEWED });
    }
    this.#host.post({ type: 'restart' });
  }

  /**
   * Runs a job. If the device fails while it holds a conversation, frees the conversation and runs the job
   * again.
   */
  async #workInMemory(
    signal: AbortSignal,
    loaded: LoadedModel,
    job: Job,
    emit: (event: JobEvent) => void,
  ): Promise<JobResult | undefined> {
    try {
      return await this.#work(signal, loaded, job, emit);
    } catch (error) {
      const lacksMemory = error instanceof OmniError && isOfDevice(error) && !loaded.engineFailed();
      if (!lacksMemory || job.work.type === 'turn' || !this.#conversation.release()) throw error;
      signal.throwIfAborted();
      return this.#work(signal, loaded, job, emit);
    }
  }

  /** @returns undefined for a measurement, which posts its own result */
  #work(
    signal: AbortSignal,
    loaded: LoadedModel,
    job: Job,
    emit: (event: JobEvent) => void,
  ): Promise<JobResult | undefined> {
    const { work, id } = job;
    const { model } = loaded;
    switch (work.type) {
      case 'draw': {
        const snapshot = (next: DrawingSnapshot) => {
          job.snapshot = next;
          this.#host.post({ type: 'snapshot', job: id, snapshot: next });
        };
        return runDraw(signal, model, work.request, { emit, snapshot }, job.snapshot);
      }
      case 'ask':
        return runAsk(signal, model, work.request, emit);
      case 'turn':
        return this.#conversation.run(signal, model, work.request, emit);
      case 'measure':
        this.#conversation.release();
        return runMeasure(signal, loaded, work.stageMs, (event) =>
          this.#host.post({ type: 'measurement', job: id, event }),
        );
      default:
        return work satisfies never;
    }
  }

  /**
   * Replaces the adapters of the model. If that fails, the model keeps those it has. Always posts the
   * outcome.
   */
  async #apply(task: AdapterChange): Promise<void> {
    const { adapters } = task.change;
    const { signal } = task.abort;
    const loading = this.#loading;
    let loaded: LoadedModel | undefined;
    let outcome: AdapterOutcome = { status: 'done' };
    try {
      if (!loading) throw new Error('no model was requested');
      loaded = await unlessAborted(loading.loaded, signal);
      const totalBytes = adapters.reduce((sum, { file }) => sum + file.size, 0);
      this.#postModel({ status: 'loading', doneBytes: 0, totalBytes, from: 'cache' });
      const read = await readAdapters(adapters, loaded.model.checkpoint);
      await loaded.model.setAdapters(read);
      signal.throwIfAborted();
      this.#adapters = read;
      this.#withoutAdapters = undefined;
    } catch (error) {
      const report = signal.aborted ? SUPERSEDED : reportOf(error, 'Loading the adapters');
      outcome = { status: 'failed', error: report };
      if (loaded?.engineFailed()) {
        this.#waiting = [];
        this.#host.crash(report.message);
        return;
      }
    }
    this.#postOutcome(task, outcome);
    if (loaded && this.#loading === loading) this.#postReady(loaded);
  }

  #postOutcome({ change: { change } }: AdapterChange, outcome: AdapterOutcome): void {
    this.#host.post({ type: 'adapters', change, outcome });
  }

  #postReady({ model: { checkpoint }, device, needs, note: loadingNote }: LoadedModel): void {
    const { name, sizeBytes, trainedOn } = checkpoint;
    const trainedSide = trainedOn.side;
    const notes = [loadingNote, this.#withoutAdapters].filter((note) => note !== undefined);
    const note = notes.length > 0 ? notes.join(' ') : undefined;
    this.#postModel({ status: 'ready', model: name, sizeBytes, trainedSide, device, note, needs });
  }

  #postModel(state: ModelState): void {
    this.#host.post({ type: 'model', state });
  }

  #postJob(job: JobId, event: JobEvent): void {
    this.#host.post({ type: 'job', job, event });
  }
}

/** Whether the device caused an error. Loading the model again may help. */
function isOfDevice({ code }: Pick<ErrorReport, 'code'>): boolean {
  return code === 'device' || code === 'memory';
}
