/**
 * The page's end of the protocol: starts the worker, sends it typed messages, validates its answers, and
 * starts another worker when one has crashed.
 */

import { type ErrorReport, OmniError } from './errors.ts';
import { goesOn, noted, type Resumable } from './interruption.ts';
import {
  type AdapterChangeId,
  type AdapterFile,
  type AdapterOutcome,
  type AskRequest,
  type BackendChoice,
  type ConversationId,
  type DrawingSnapshot,
  type DrawRequest,
  type FromWorker,
  fromWorkerSchema,
  isLastEvent,
  type JobEvent,
  type JobId,
  type MeasurementEvent,
  type ModelSource,
  type ModelState,
  PROTOCOL_VERSION,
  type ToWorker,
  type TurnRequest,
  versionOfWorker,
} from './protocol.ts';
import { pathText, validate } from './settings/validate.ts';
import { valueWords } from './settings/value-words.ts';

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
  /** The state of a draw job after a step, for a page that keeps it. */
  snapshot?(id: JobId, snapshot: DrawingSnapshot): void;
  /** Only a page that measures the device needs it. */
  measurement?(id: JobId, event: MeasurementEvent): void;
  /** The end of a change of adapters. */
  adapters(change: AdapterChangeId, outcome: AdapterOutcome): void;
  /**
   * The worker has ended, with its running job and unfinished changes. `restarted`: another one is loading
   * the model. `goingOn` are the draw jobs that do not end but go on there; each has got `interrupted`.
   */
  crashed(error: ErrorReport, restarted: boolean, goingOn: readonly JobId[]): void;
}

/**
 * Each method that sends a message returns whether there is a worker. Without one there will be no answer.
 */
export interface WorkerClient {
  /** Starts a worker, ends the one before, and has the model loaded. */
  open(model: ModelSource, backend: BackendChoice, budgetBytes?: number): void;
  /** @param snapshot goes on from this state of the same request, with a note that says why */
  draw(job: JobId, request: DrawRequest, snapshot?: DrawingSnapshot): boolean;
  ask(job: JobId, request: AskRequest): boolean;
  turn(job: JobId, request: TurnRequest): boolean;
  measure(job: JobId): boolean;
  end(conversation: ConversationId): boolean;
  cancel(job: JobId): boolean;
  /**
   * Continues the draw job that failed last, from its last step, with the smaller plan that its event
   * offered. Starts a worker, which keeps to that plan, and ends the one before. Returns false without an
   * offer.
   */
  goOn(job: JobId): boolean;
  /**
   * Replaces all adapters of the model. A worker that is started again gets them, too; if they fail there,
   * the model's `note` says so.
   */
  adapters(change: AdapterChangeId, adapters: readonly AdapterFile[]): boolean;
  dispose(): void;
}

interface Draw extends Resumable {
  readonly request: DrawRequest;
}

/** Starts the real worker. The bundler finds the URL only in this form. */
export function spawnModelWorker(): WorkerPort {
  return new Worker(new URL('../workers/model.worker.ts', import.meta.url), {
    type: 'module',
    name: 'model',
  });
}

/**
 * A client without a worker; `open` starts one.
 * @param spawn starts a worker; tests give another one
 */
export function createWorkerClient(listener: WorkerListener, spawn: () => WorkerPort): WorkerClient {
  let port: WorkerPort | undefined;
  let opened: Pick<Extract<ToWorker, { type: 'open' }>, 'model' | 'backend' | 'budgetBytes'> | undefined;
  /** Whether the worker has stated the version of this page. */
  let sameVersion = false;
  /** Whether the worker has loaded a model. A worker that crashes before that is not started again. */
  let wasReady = false;
  /** Unfinished changes of adapters, and the last one that succeeded. */
  const changes = new Map<AdapterChangeId, readonly AdapterFile[]>();
  let applied: { readonly change: AdapterChangeId; readonly adapters: readonly AdapterFile[] } | undefined;
  /** Why a worker that was started again lacks the adapters of the one before. */
  let withoutAdapters: string | undefined;
  /** Draw jobs that have not ended, by ID. */
  const draws = new Map<JobId, Draw>();
  /** The last draw job that lacked memory. */
  let offer: { readonly job: JobId; readonly draw: Draw; readonly budgetBytes: number } | undefined;

  function start(): void {
    if (!opened) return;
    const started = spawn();
    port = started;
    sameVersion = false;
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
    const stated = versionOfWorker.safeParse(data);
    if (stated.success) {
      sameVersion = stated.data.version === PROTOCOL_VERSION;
      if (!sameVersion) endOtherVersion(`protocol ${stated.data.version}`);
      return;
    }
    const read = validate(fromWorkerSchema, data);
    if (read.ok) {
      handle(read.value);
      return;
    }
    if (!sameVersion) {
      // Workers before version 6 do not state theirs.
      endOtherVersion('an older protocol');
      return;
    }
    const { path, expected, value } = read.problem;
    refuse(data, `${pathText(path) || 'it'} must be ${expected}, not ${valueWords(value)}`);
  }

  function handle(message: FromWorker): void {
    switch (message.type) {
      case 'version':
        return;
      case 'model':
        wasReady ||= message.state.status === 'ready';
        listener.model(withNote(message.state));
        return;
      case 'adapters':
        settle(message.change, message.outcome);
        return;
      case 'job':
        end(message.job, message.event);
        listener.job(message.job, message.event);
        return;
      case 'measurement':
        listener.measurement?.(message.job, message.event);
        return;
      case 'restart':
        stop();
        startAgain();
        return;
      case 'snapshot': {
        const draw = draws.get(message.job);
        if (draw) draw.snapshot = message.snapshot;
        listener.snapshot?.(message.job, message.snapshot);
        return;
      }
      default:
        message satisfies never;
    }
  }

  function settle(change: AdapterChangeId, outcome: AdapterOutcome): void {
    const adapters = changes.get(change);
    changes.delete(change);
    const again = change === applied?.change;
    if (adapters && outcome.status === 'done') {
      applied = { change, adapters };
      withoutAdapters = undefined;
    } else if (again && outcome.status === 'failed') {
      withoutAdapters = `The adapters could not be loaded again. ${outcome.error.message} ${outcome.error.action}`;
    }
    // The outcome of this change was reported before the crash.
    if (!again) listener.adapters(change, outcome);
  }

  /** A message that is not understood ends the job or the change that it is about, and nothing else. */
  function refuse(data: unknown, what: string): void {
    const error = new OmniError({
      code: 'internal',
      message: `The page does not understand a message of the drawing engine: ${what}.`,
      action: 'Try again. If it happens again, please report it with this text.',
    }).toReport();
    const fields = typeof data === 'object' && data !== null ? data : {};
    if ('job' in fields && typeof fields.job === 'string') {
      const job = fields.job as JobId;
      send({ type: 'cancel', job });
      draws.delete(job);
      listener.job(job, { type: 'failed', error });
    } else if ('change' in fields && typeof fields.change === 'string') {
      settle(fields.change as AdapterChangeId, { status: 'failed', error });
    } else {
      console.error(`${error.message} ${error.action}`);
    }
  }

  function endOtherVersion(engine: string): void {
    stop();
    const message = `The page (protocol ${PROTOCOL_VERSION}) and its drawing engine (${engine}) have different versions.`;
    const action = 'Reload the page to update both.';
    listener.crashed({ code: 'internal', permanent: true, message, action }, false, []);
  }

  function crash(message: string): void {
    const again = wasReady;
    if (applied && changes.has(applied.change)) {
      // Another attempt would crash again, without end.
      applied = undefined;
      withoutAdapters = `The adapters could not be loaded again, because the drawing engine crashed with them. ${message}`;
    }
    stop();
    const action = again
      ? 'It is restarting. Draw the picture again when the model has loaded.'
      : 'Load the model again. If that does not help, reload the page.';
    const error: ErrorReport = { code: 'internal', permanent: false, message, action };
    const goingOn = again ? [...draws].filter(([, draw]) => goesOn(draw, error)) : [];
    draws.clear();
    for (const [job] of goingOn) listener.job(job, { type: 'interrupted', error });
    const jobs = goingOn.map(([job]) => job);
    listener.crashed(error, again, jobs);
    if (!again) return;
    startAgain();
    for (const [job, draw] of goingOn) sendDraw(job, draw);
  }

  function startAgain(): void {
    start();
    if (applied) changeAdapters(applied.change, applied.adapters);
  }

  function end(job: JobId, event: JobEvent): void {
    if (!isLastEvent(event)) return;
    const draw = draws.get(job);
    draws.delete(job);
    if (draw && event.type === 'failed' && event.smallerPlan)
      offer = { job, draw, budgetBytes: event.smallerPlan.budgetBytes };
  }

  function sendDraw(job: JobId, draw: Draw): boolean {
    draws.set(job, draw);
    return send({ type: 'draw', job, request: draw.request, snapshot: draw.snapshot });
  }

  function changeAdapters(id: AdapterChangeId, adapters: readonly AdapterFile[]): boolean {
    if (port) changes.set(id, adapters);
    return send({ type: 'adapters', change: id, adapters });
  }

  function withNote(state: ModelState): ModelState {
    if (state.status !== 'ready' || withoutAdapters === undefined) return state;
    return { ...state, note: state.note ? `${state.note} ${withoutAdapters}` : withoutAdapters };
  }

  function send(message: ToWorker): boolean {
    port?.postMessage(message);
    return port !== undefined;
  }

  return {
    open(model, backend, budgetBytes) {
      stop();
      draws.clear();
      offer = undefined;
      opened = { model, backend, budgetBytes };
      applied = undefined;
      withoutAdapters = undefined;
      start();
    },
    draw: (job, request, snapshot) =>
      sendDraw(
        job,
        snapshot ? noted({ request, snapshot }, 'The page was closed or reloaded.') : { request },
      ),
    ask: (job, request) => send({ type: 'ask', job, request }),
    turn: (job, request) => send({ type: 'turn', job, request }),
    measure: (job) => send({ type: 'measure', job }),
    end: (conversation) => send({ type: 'end', conversation }),
    cancel: (job) => send({ type: 'cancel', job }),
    goOn(job) {
      if (!opened || offer?.job !== job) return false;
      const { draw, budgetBytes } = offer;
      offer = undefined;
      stop();
      opened = { ...opened, budgetBytes };
      startAgain();
      return sendDraw(job, noted(draw, 'Memory was missing, so it went on with less.'));
    },
    adapters: changeAdapters,
    dispose: stop,
  };
}
