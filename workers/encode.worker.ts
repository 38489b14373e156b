/** The worker that encodes bands of weights while a checkpoint is converted. */

import { answerJob } from '../src/checkpoints/conversion/band-encoder.ts';
import type { BandJob } from '../src/checkpoints/conversion/encode.ts';

self.onmessage = ({ data }: MessageEvent<BandJob>) => {
  const { answer, transfer } = answerJob(data);
  self.postMessage(answer, { transfer });
};
