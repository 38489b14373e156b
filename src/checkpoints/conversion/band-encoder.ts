/** Who encodes bands: this thread, or workers. The bytes are the same. */

import { type BandJob, type EncodedBand, encodeBand } from './encode.ts';

/** Encodes bands, several at a time if it has workers. */
export interface BandEncoder {
  /** Number of bands that are encoded at the same time. */
  readonly parallel: number;
  encode(job: BandJob): Promise<EncodedBand>;
  /** Ends the workers. Bands that are being encoded fail. */
  close(): Promise<void>;
}

/** Encodes on the calling thread. */
export function inlineEncoder(): BandEncoder {
  return {
    parallel: 1,
    encode: async (job) => encodeBand(job),
    close: async () => undefined,
  };
}

/** A worker that calls `answer` for each message. Messages and transfer lists are those of `postMessage`. */
export interface EncodeWorker {
  post(job: BandJob, transfer: ArrayBuffer[]): void;
  /** Called once. `answer` gets an encoded band, or undefined with the error that ended the worker. */
  listen(answer: (band: EncodedBand | undefined, error?: unknown) => void): void;
  end(): Promise<void>;
}

/**
 * Encodes in workers. Each has one band at a time; others wait.
 *
 * @example
 * const encoder = workerEncoder(2); // encoder.node.ts or encoder.web.ts
 * await executeConversion(signal, plan, writer, onProgress, { encoder });
 * await encoder.close();
 */
export function pooledEncoder(workers: readonly EncodeWorker[]): BandEncoder {
  const idle = [...workers];
  const waiting: Task[] = [];
  const running = new Map<EncodeWorker, Task>();
  /** Why no band can be encoded any more. */
  let failure: { readonly error: unknown } | undefined;

  const start = (worker: EncodeWorker, task: Task) => {
    running.set(worker, task);
    worker.post(task.job, task.transfer);
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    for (const { reject } of [...running.values(), ...waiting.splice(0)]) reject(error);
    running.clear();
  };
  for (const worker of workers) {
    worker.listen((band, error) => {
      const task = running.get(worker);
      if (!band || !task) {
        fail(error);
        return;
      }
      running.delete(worker);
      const next = waiting.shift();
      if (next) start(worker, next);
      else idle.push(worker);
      task.resolve(band);
    });
  }
  return {
    parallel: workers.length,
    async encode(job) {
      if (failure) throw failure.error;
      // Parts may be views of a file in memory. A worker gets copies that it can own.
      const parts = job.parts.map((part) => new Uint8Array(part));
      const transfer = parts.map(({ buffer }) => buffer);
      return new Promise((resolve, reject) => {
        const task = { job: { ...job, parts }, transfer, resolve, reject };
        const worker = idle.pop();
        if (worker) start(worker, task);
        else waiting.push(task);
      });
    },
    async close() {
      fail(new Error('the encoder was closed'));
      await Promise.all(workers.map((worker) => worker.end()));
    },
  };
}

/** A band that waits for a worker, or is being encoded. */
interface Task {
  readonly job: BandJob;
  readonly transfer: ArrayBuffer[];
  readonly resolve: (band: EncodedBand) => void;
  readonly reject: (error: unknown) => void;
}

/** What a worker posts back: an encoded band, or the text of an error. */
export type EncodeAnswer = { readonly band: EncodedBand } | { readonly error: string };

/** Handles one message of a worker. Returns the answer and the buffers to transfer with it. */
export function answerJob(job: BandJob): { answer: EncodeAnswer; transfer: ArrayBuffer[] } {
  try {
    const band = encodeBand(job);
    return { answer: { band }, transfer: band.parts.map(({ buffer }) => buffer) };
  } catch (error) {
    return { answer: { error: error instanceof Error ? error.message : String(error) }, transfer: [] };
  }
}
