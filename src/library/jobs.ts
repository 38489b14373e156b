/** The pending calls of a model. All of them settle, whatever happens to the worker. */

import { OmniError } from '../errors.ts';
import type { AdapterChangeId, AdapterOutcome, JobId } from '../protocol.ts';
import type { JobEvent, JobResult } from './events.ts';
import type { JobOptions } from './types.ts';

/** Receives the events of one job before the page's listener does. */
type Watch = (event: JobEvent) => void;

interface Job extends JobOptions {
  readonly resolve: (result: JobResult) => void;
  readonly reject: (reason: unknown) => void;
  readonly watch: Watch;
}

interface Change {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Jobs {
  readonly #jobs = new Map<JobId, Job>();
  readonly #changes = new Map<AdapterChangeId, Change>();
  #closed: { readonly reason: unknown } | undefined;

  /**
   * Runs one job to its result.
   * @param start sends the job; returns whether there is a worker
   * @param cancel asks the worker to stop the job
   * @throws OmniError of the worker; the signal's reason after an abort; the reason given to {@link close}
   */
  async run(
    start: (id: JobId) => boolean,
    cancel: (id: JobId) => void,
    { signal, onEvent }: JobOptions,
    watch: Watch = () => undefined,
  ): Promise<JobResult> {
    signal?.throwIfAborted();
    const id = crypto.randomUUID() as string as JobId;
    const stop = () => cancel(id);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await new Promise<JobResult>((resolve, reject) => {
        this.#checkOpen();
        this.#jobs.set(id, { resolve, reject, watch, signal, onEvent });
        if (!start(id)) this.#endJob(id)?.reject(gone());
      });
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Runs one change of adapters. Throws as {@link run} does. */
  change(start: (id: AdapterChangeId) => boolean): Promise<void> {
    const id = crypto.randomUUID() as string as AdapterChangeId;
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      this.#changes.set(id, { resolve, reject });
      if (start(id)) return;
      this.#changes.delete(id);
      reject(gone());
    });
  }

  /** Handles an event of the worker. */
  receive(id: JobId, event: JobEvent): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.watch(event);
    // Settles the promise first, because a listener may throw.
    if (event.type === 'done') this.#endJob(id)?.resolve(event.result);
    else if (event.type === 'failed') this.#endJob(id)?.reject(new OmniError(event.error));
    else if (event.type === 'cancelled') this.#endJob(id)?.reject(job.signal?.reason ?? stopped());
    callListener(job.onEvent, event);
  }

  /** Handles the outcome of a change of adapters. */
  settle(id: AdapterChangeId, outcome: AdapterOutcome): void {
    const change = this.#changes.get(id);
    this.#changes.delete(id);
    if (outcome.status === 'done') change?.resolve();
    else change?.reject(new OmniError(outcome.error));
  }

  /** Rejects all pending calls but the jobs that go on. */
  endAll(reason: unknown, goingOn: readonly JobId[] = []): void {
    const ended = [...this.#jobs.keys()].filter((id) => !goingOn.includes(id));
    const pending = [...this.#changes.values(), ...ended.map((id) => this.#endJob(id))];
    this.#changes.clear();
    for (const each of pending) each?.reject(reason);
  }

  /** Rejects all pending calls and all later ones. */
  close(reason: unknown): void {
    this.#closed ??= { reason };
    this.endAll(reason);
  }

  #checkOpen(): void {
    if (this.#closed) throw this.#closed.reason;
  }

  #endJob(id: JobId): Job | undefined {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    return job;
  }
}

/**
 * Calls a listener of the page. An error in it is reported like that of an event handler and has no other
 * effect.
 */
export function callListener<Value>(listener: ((value: Value) => void) | undefined, value: Value): void {
  try {
    listener?.(value);
  } catch (error) {
    reportError(error);
  }
}

function stopped(): DOMException {
  return new DOMException('The job was stopped.', 'AbortError');
}

function gone(): OmniError {
  return new OmniError({
    code: 'internal',
    message: 'The drawing engine is not running.',
    action: 'Open the model again; if that does not help, reload the page.',
  });
}
