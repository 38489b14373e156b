/** What has been asked of the worker and not been answered; everything settles, whatever becomes of the worker. */

import { OmniError } from '../errors.ts';
import type { AdapterChangeId, AdapterOutcome, JobEvent, JobId, JobResult } from '../protocol.ts';
import type { JobOptions } from './types.ts';

/** Watches one job for the library itself. */
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
   * Runs one job.
   * @param start sends it, and tells whether there is a worker
   * @param cancel asks the worker to stop it
   * @throws OmniError of the worker; the signal's reason after an abort; the reason for which all is closed
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

  /** Makes one change of adapters. @throws as {@link run} */
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

  /** Takes what the worker says of a job. */
  receive(id: JobId, event: JobEvent): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.watch(event);
    // First what is waited for: a listener may throw.
    if (event.type === 'done') this.#endJob(id)?.resolve(event.result);
    else if (event.type === 'failed') this.#endJob(id)?.reject(new OmniError(event.error));
    else if (event.type === 'cancelled') this.#endJob(id)?.reject(job.signal?.reason ?? stopped());
    tell(job.onEvent, event);
  }

  /** Takes how a change of adapters ended. */
  settle(id: AdapterChangeId, outcome: AdapterOutcome): void {
    const change = this.#changes.get(id);
    this.#changes.delete(id);
    if (outcome.status === 'done') change?.resolve();
    else change?.reject(new OmniError(outcome.error));
  }

  /** Rejects all that runs. */
  endAll(reason: unknown): void {
    const pending = [...this.#changes.values(), ...this.#jobs.values()];
    this.#changes.clear();
    this.#jobs.clear();
    for (const { reject } of pending) reject(reason);
  }

  /** Rejects all that runs, and all that is asked for from now on. */
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

/** Calls a listener of the page; what it throws is reported as an event handler's errors are, and stops nothing here. */
export function tell<Told>(listener: ((told: Told) => void) | undefined, told: Told): void {
  try {
    listener?.(told);
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
