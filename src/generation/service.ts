/** The worker's side of the protocol: loads the model, runs one job at a time, and answers with events. */

import { memoryFolder } from '../checkpoints/folder.ts';
import { openCheckpoint } from '../checkpoints/layout.ts';
import { OmniError, reportOf } from '../errors.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import { loadTokenizer } from '../omnigen2/tokenizer.transformers.ts';
import {
  type AskRequest,
  type BackendChoice,
  type DrawRequest,
  type FromWorker,
  type JobEvent,
  type JobId,
  type ModelRef,
  type ModelState,
  type Picture,
  PROTOCOL_VERSION,
  type ToWorker,
} from '../protocol.ts';
import { startWebRuntime, type WebRuntime } from '../runtime/runtime.web.ts';
import { loadBundle } from '../storage/weights.ts';
import { runAsk } from './ask-job.ts';
import { runDraw } from './draw-job.ts';

type Post = (message: FromWorker) => void;

interface Opened {
  readonly model: OmniGen2Model;
  readonly runtime: WebRuntime;
}

interface QueuedJob {
  readonly id: JobId;
  readonly work: Extract<ToWorker, { type: 'draw' | 'ask' }>;
  readonly abort: AbortController;
}

export class GenerationService {
  readonly #post: Post;
  #wanted: { model: ModelRef; backend: BackendChoice } | undefined;
  #opened: Promise<Opened> | undefined;
  #queue: QueuedJob[] = [];
  #running: QueuedJob | undefined;

  constructor(post: Post) {
    this.#post = post;
  }

  /** Takes one message of the page. Never throws: whatever goes wrong is answered. */
  handle(message: ToWorker): void {
    switch (message.type) {
      case 'open':
        this.#open(message);
        return;
      case 'draw':
      case 'ask':
        this.#enqueue({ id: message.job, work: message, abort: new AbortController() });
        return;
      case 'cancel':
        this.#cancel(message.job);
        return;
      default:
        message satisfies never;
    }
  }

  #open({ version, model, backend }: Extract<ToWorker, { type: 'open' }>): void {
    if (version !== PROTOCOL_VERSION) {
      this.#postModel({
        status: 'failed',
        error: new OmniError({
          code: 'internal',
          message: `The page speaks version ${version} of the protocol and its worker version ${PROTOCOL_VERSION}.`,
          action: 'Reload the page: a newer version was installed while it was open.',
        }).toReport(),
      });
      return;
    }
    this.#wanted = { model, backend };
    this.#reopen();
  }

  /** (Re)opens the wanted model; its outcome is posted, and kept for the jobs that wait for it. */
  #reopen(): Promise<Opened> {
    const before = this.#opened;
    const opened = (async () => {
      await before?.then(close, () => undefined);
      return this.#load();
    })();
    this.#opened = opened;
    opened.then(
      ({ model, runtime }) =>
        this.#postModel({
          status: 'ready',
          model: model.checkpoint.name,
          sizeBytes: model.checkpoint.sizeBytes,
          device: {
            backend: runtime.backend,
            description: runtime.description,
            halfPrecision: runtime.halfPrecision,
            reason: runtime.reason,
          },
        }),
      (error) => this.#postModel({ status: 'failed', error: reportOf(error, 'Loading the model') }),
    );
    return opened;
  }

  async #load(): Promise<Opened> {
    if (!this.#wanted) throw new Error('no model was asked for');
    const { model, backend } = this.#wanted;
    const never = new AbortController().signal;
    const [runtime, files] = await Promise.all([
      startWebRuntime({ backend }),
      loadBundle(never, model.baseUrl, (progress) => this.#postModel({ status: 'loading', ...progress })),
    ]);
    const checkpoint = await openCheckpoint(memoryFolder(model.id, files));
    return { runtime, model: new OmniGen2Model(checkpoint, runtime, loadTokenizer) };
  }

  #enqueue(job: QueuedJob): void {
    this.#queue.push(job);
    this.#postJob(job.id, { type: 'queued' });
    if (!this.#running) void this.#drain();
  }

  #cancel(id: JobId): void {
    if (this.#running?.id === id) {
      this.#running.abort.abort();
      return;
    }
    const waiting = this.#queue.find((job) => job.id === id);
    if (!waiting) return;
    this.#queue = this.#queue.filter((job) => job !== waiting);
    this.#postJob(id, { type: 'cancelled' });
  }

  async #drain(): Promise<void> {
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      this.#running = job;
      await this.#run(job);
    }
    this.#running = undefined;
  }

  async #run({ id, work, abort }: QueuedJob): Promise<void> {
    let partial: Picture | undefined;
    const emit = (event: JobEvent) => {
      if (event.type === 'picture') partial = event.picture;
      if (event.type === 'denoising') partial = event.preview ?? partial;
      this.#postJob(id, event);
    };
    let opened: Opened;
    try {
      opened = await (this.#opened ?? Promise.reject(new Error('no model was asked for')));
      abort.signal.throwIfAborted();
    } catch (error) {
      emit(outcomeOf(error, 'Loading the model'));
      return;
    }
    opened.model.onPart = (part) => emit({ type: 'preparing', part });
    try {
      const result =
        work.type === 'draw'
          ? await runDraw(abort.signal, opened.model, work.request satisfies DrawRequest, emit)
          : await runAsk(abort.signal, opened.model, work.request satisfies AskRequest, emit);
      emit({ type: 'done', result });
    } catch (error) {
      const outcome = outcomeOf(error, work.type === 'draw' ? 'Drawing' : 'Answering');
      emit(outcome.type === 'cancelled' ? { ...outcome, partial } : outcome);
      // A lost or failed device is opened anew, so that the next job finds a working one.
      if (outcome.type === 'failed' && outcome.error.code === 'device') this.#reopen().catch(() => undefined);
    }
  }

  #postModel(state: ModelState): void {
    this.#post({ type: 'model', state });
  }

  #postJob(job: JobId, event: JobEvent): void {
    this.#post({ type: 'job', job, event });
  }
}

function outcomeOf(error: unknown, doing: string): Extract<JobEvent, { type: 'cancelled' | 'failed' }> {
  const report = reportOf(error, doing);
  return report.code === 'cancelled' ? { type: 'cancelled' } : { type: 'failed', error: report };
}

async function close({ model, runtime }: Opened): Promise<void> {
  await model.dispose();
  await runtime.dispose();
}
