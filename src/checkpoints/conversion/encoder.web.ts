/** Encodes bands in web workers. */

import { type BandEncoder, type EncodeAnswer, pooledEncoder } from './band-encoder.ts';

/** More workers than this gain nothing, because the source is not read faster. */
const MAX_WORKERS = 4;

/** Starts web workers. Default: one per core, at most four. */
export function workerEncoder(
  count: number = Math.min(MAX_WORKERS, navigator.hardwareConcurrency),
): BandEncoder {
  return pooledEncoder(
    Array.from({ length: count }, () => {
      const worker = new Worker(new URL('../../../workers/encode.worker.ts', import.meta.url), {
        type: 'module',
        name: 'encode',
      });
      return {
        post: (job, transfer) => worker.postMessage(job, transfer),
        listen(answer) {
          worker.onmessage = ({ data }: MessageEvent<EncodeAnswer>) => {
            if ('band' in data) answer(data.band);
            else answer(undefined, new Error(data.error));
          };
          worker.onerror = ({ message }) =>
            answer(undefined, new Error(message || 'a worker could not be started'));
        },
        async end() {
          worker.terminate();
        },
      };
    }),
  );
}
