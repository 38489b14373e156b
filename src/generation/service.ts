/** The worker's side of the protocol: loads the model, runs one job at a time, and answers with events. */

import { OmniError, reportOf } from '../errors.ts';
import {
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
import { runAsk } from './run-ask.ts';
import { LiveConversation } from './run-chat.ts';
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

/** One opening of the model, from its beginning on. */
interface Opening {
  readonly abort: AbortController;
  readonly opened: Promise<Opened>;
}

export class GenerationService {
  readonly #host: ServiceHost;
  #wanted: Wanted | undefined;
  #opening: Opening | undefined;
  readonly #conversation = new LiveConversation();
  #waiting: Job[] = [];
  #running: Job | undefined;
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
      default:
        message satisfies never;
    }
  }

  /** A second model takes the place of the first; the job that runs on the first is stopped. */
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
      ({ model: { checkpoint }, device, note, lost }) => {
        if (!isCurrent()) return;
        const { name, sizeBytes, trainedOn } = checkpoint;
        const trainedSide = trainedOn.side;
        this.#postModel({ status: 'ready', model: name, sizeBytes, trainedSide, device, note });
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
    await before?.opened.then((opened) => opened.dispose()).catch(() => undefined);
    this.#conversation.forget();
    signal.throwIfAborted();
    return this.#host.load(signal, wanted, {
      onProgress: (progress) => {
        if (!signal.aborted) this.#postModel({ status: 'loading', ...progress });
      },
      onPart: (part) => {
        if (this.#running) this.#postJob(this.#running.id, { type: 'preparing', part });
      },
    });
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    this.#postJob(job.id, { type: 'queued' });
    this.#startNext();
  }

  #cancel(id: JobId): void {
    if (this.#running?.id === id) {
      this.#running.abort.abort();
      return;
    }
    const waiting = this.#waiting.find((job) => job.id === id);
    if (!waiting) return;
    this.#waiting = this.#waiting.filter((job) => job !== waiting);
    this.#postJob(id, { type: 'cancelled' });
  }

  #startNext(): void {
    if (this.#running) return;
    const job = this.#waiting.shift();
    if (!job) return;
    this.#running = job;
    this.#idle = this.#run(job).then(() => {
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
      emit({ type: 'done', result: await this.#work(signal, opened, work, emit) });
    } catch (error) {
      const report = reportOf(error, doing, signal);
      if (report.code === 'cancelled') {
        emit({ type: 'cancelled', partial });
      } else if (opened?.brokenDown()) {
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

  #postModel(state: ModelState): void {
    this.#host.post({ type: 'model', state });
  }

  #postJob(job: JobId, event: JobEvent): void {
    this.#host.post({ type: 'job', job, event });
  }
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
