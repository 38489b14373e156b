/** Encodes bands in worker threads of Node. */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type BandEncoder, type EncodeAnswer, pooledEncoder } from './band-encoder.ts';

/** A module that compiles and runs the worker. Node 20 reads no TypeScript, and tsx registers per thread. */
const ENTRY = `import { register } from '${import.meta.resolve('tsx/esm/api')}';
register();
await import('${new URL('./encode-worker.node.ts', import.meta.url)}');`;

/** Starts worker threads. Default: one per core. */
export function workerEncoder(count: number = availableParallelism()): BandEncoder {
  return pooledEncoder(
    Array.from({ length: count }, () => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(ENTRY)}`));
      return {
        post: (job, transfer) => worker.postMessage(job, transfer),
        listen(answer) {
          worker.on('message', (message: EncodeAnswer) => {
            if ('band' in message) answer(message.band);
            else answer(undefined, new Error(message.error));
          });
          worker.on('error', (error) => answer(undefined, error));
          worker.on('exit', (code) => answer(undefined, new Error(`a worker ended with code ${code}`)));
        },
        async end() {
          await worker.terminate();
        },
      };
    }),
  );
}
