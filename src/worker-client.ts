/**
 * The page's end of the protocol: starts the generation worker, sends it typed messages, checks what comes back, and
 * starts another worker when one has crashed.
 */

import type { ErrorReport } from './errors.ts';
import { isRecord } from './is-record.ts';
import {
  type AdapterChangeId,
  type AdapterFile,
  type AdapterOutcome,
  type AskRequest,
  type BackendChoice,
  type ChatRequest,
  type ConversationId,
  type DrawRequest,
  type FromWorker,
  type JobEvent,
  type JobId,
  type ModelRef,
  type ModelState,
  PROTOCOL_VERSION,
  type ToWorker,
} from './protocol.ts';

/** The part of the browser's Worker that is used here. */
export interface WorkerPort {
  postMessage(message: ToWorker): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
  onmessageerror: ((event: MessageEvent<unknown>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface WorkerListener {
  model(state: ModelState): void;
  job(id: JobId, event: JobEvent): void;
  /** How a change of adapters ended. */
  adapters(change: AdapterChangeId, outcome: AdapterOutcome): void;
  /** The worker is gone and its running job with it, and changes of adapters that were under way; `restarted` tells whether another one is loading the model. */
  crashed(error: ErrorReport, restarted: boolean): void;
}

/** What sends something tells whether there was a worker to send it to; without one, nothing will answer. */
export interface WorkerClient {
  /** Starts a worker, ending the one before, and has it load the model. */
  open(model: ModelRef, backend: BackendChoice): void;
  draw(job: JobId, request: DrawRequest): boolean;
  ask(job: JobId, request: AskRequest): boolean;
  chat(job: JobId, request: ChatRequest): boolean;
  end(conversation: ConversationId): boolean;
  cancel(job: JobId): boolean;
  /**
   * Gives the model these adapters in place of all that it has. A worker that is started again gets them too; if it cannot
   * have them, the model's `note` says so.
   */
  adapters(change: AdapterChangeId, adapters: readonly AdapterFile[]): boolean;
  dispose(): void;
}

/** Starts the real worker. The URL must stay in this form for the bundler to find it. */
export function spawnModelWorker(): WorkerPort {
  return new Worker(new URL('../workers/model.worker.ts', import.meta.url), {
    type: 'module',
    name: 'model',
  });
}

export function createWorkerClient(listener: WorkerListener, spawn: () => WorkerPort): WorkerClient {
  let port: WorkerPort | undefined;
  let opened: { readonly model: ModelRef; readonly backend: BackendChoice } | undefined;
  /** Whether the worker has loaded a model: one that never got so far is not started again by itself. */
  let wasReady = false;
  /** Changes that are under way, and the last one that came to pass. */
  const changes = new Map<AdapterChangeId, readonly AdapterFile[]>();
  let applied: { readonly change: AdapterChangeId; readonly adapters: readonly AdapterFile[] } | undefined;
  /** Why a worker that was started again lacks the adapters of the one before. */
  let withoutAdapters: string | undefined;

  function start(): void {
    if (!opened) return;
    const started = spawn();
    port = started;
    wasReady = false;
    started.onmessage = (event) => receive(event.data);
    started.onmessageerror = () => crash('A message of the drawing engine could not be read.');
    started.onerror = (event) => {
      event.preventDefault();
      crash(
        event.message
          ? `The drawing engine stopped (${event.message.replace(/^Uncaught (?:Error: )?/, '')}).`
          : 'The drawing engine could not be started: its script did not load.',
      );
    };
    started.postMessage({ type: 'open', version: PROTOCOL_VERSION, ...opened });
  }

  function stop(): void {
    if (!port) return;
    port.onmessage = port.onmessageerror = port.onerror = null;
    port.terminate();
    port = undefined;
    changes.clear();
  }

  function receive(data: unknown): void {
    const message = readMessage(data);
    if (!message) {
      stop();
      listener.crashed(
        {
          code: 'internal',
          permanent: true,
          message: `The page (protocol ${PROTOCOL_VERSION}) and its drawing engine are of different versions.`,
          action: 'Reload the page, so that both are fetched anew.',
        },
        false,
      );
    } else if (message.type === 'model') {
      wasReady ||= message.state.status === 'ready';
      listener.model(noted(message.state));
    } else if (message.type === 'adapters') {
      const { change, outcome } = message;
      const adapters = changes.get(change);
      changes.delete(change);
      const again = change === applied?.change;
      if (adapters && outcome.status === 'done') {
        applied = { change, adapters };
        withoutAdapters = undefined;
      } else if (again && outcome.status === 'failed') {
        withoutAdapters = `The adapters could not be given to the model again. ${outcome.error.message} ${outcome.error.action}`;
      }
      // The change itself was told of when it was made.
      if (!again) listener.adapters(change, outcome);
    } else {
      listener.job(message.job, message.event);
    }
  }

  function crash(message: string): void {
    const again = wasReady;
    if (applied && changes.has(applied.change)) {
      // Once more, and it would crash for ever.
      applied = undefined;
      withoutAdapters = `The adapters could not be given to the model again: under them it crashed. ${message}`;
    }
    stop();
    const action = again
      ? 'It is being started again; then make the picture once more.'
      : 'Load the model again; if that does not help, reload the page.';
    listener.crashed({ code: 'internal', permanent: false, message, action }, again);
    if (!again) return;
    start();
    if (applied) changeAdapters(applied.change, applied.adapters);
  }

  function changeAdapters(id: AdapterChangeId, adapters: readonly AdapterFile[]): boolean {
    if (port) changes.set(id, adapters);
    return send({ type: 'adapters', change: id, adapters });
  }

  function noted(state: ModelState): ModelState {
    if (state.status !== 'ready' || withoutAdapters === undefined) return state;
    return { ...state, note: state.note ? `${state.note} ${withoutAdapters}` : withoutAdapters };
  }

  function send(message: ToWorker): boolean {
    port?.postMessage(message);
    return port !== undefined;
  }

  return {
    open(model, backend) {
      stop();
      opened = { model, backend };
      applied = undefined;
      withoutAdapters = undefined;
      start();
    },
    draw: (job, request) => send({ type: 'draw', job, request }),
    ask: (job, request) => send({ type: 'ask', job, request }),
    chat: (job, request) => send({ type: 'chat', job, request }),
    end: (conversation) => send({ type: 'end', conversation }),
    cancel: (job) => send({ type: 'cancel', job }),
    adapters: changeAdapters,
    dispose: stop,
  };
}

const MODEL_STATUSES: ReadonlySet<string> = new Set<ModelState['status']>(['loading', 'ready', 'failed']);
const OUTCOMES: ReadonlySet<string> = new Set<AdapterOutcome['status']>(['done', 'failed']);
const JOB_EVENTS: ReadonlySet<string> = new Set<JobEvent['type']>([
  'queued',
  'preparing',
  'reading',
  'encoding',
  'denoising',
  'decoding',
  'picture',
  'reflecting',
  'round',
  'answering',
  'done',
  'failed',
  'cancelled',
]);

/**
 * The message if it is one of this protocol. Page and worker are built together, so only a worker of another version,
 * out of a stale cache, can say something else: its kinds of message are checked, not each of their fields.
 */
function readMessage(data: unknown): FromWorker | undefined {
  if (!isRecord(data)) return undefined;
  if (data.type === 'model' && isRecord(data.state) && MODEL_STATUSES.has(String(data.state.status))) {
    return data as unknown as FromWorker;
  }
  if (data.type === 'job' && isRecord(data.event) && JOB_EVENTS.has(String(data.event.type))) {
    return data as unknown as FromWorker;
  }
  if (data.type === 'adapters' && isRecord(data.outcome) && OUTCOMES.has(String(data.outcome.status))) {
    return data as unknown as FromWorker;
  }
  return undefined;
}
