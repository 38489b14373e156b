/** The worker thread of `encoder.node.ts`. */

import { parentPort } from 'node:worker_threads';
import { answerJob } from './band-encoder.ts';
import type { BandJob } from './encode.ts';

parentPort?.on('message', (job: BandJob) => {
  const { answer, transfer } = answerJob(job);
  parentPort?.postMessage(answer, transfer);
});
