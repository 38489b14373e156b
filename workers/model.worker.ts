/** Entry of the generation worker: hands messages to the service. */

import { loadServedModel } from '../src/worker/load.ts';
import { ModelService } from '../src/worker/service.ts';
import type { ToWorker } from '../src/protocol.ts';

const service = new ModelService({
  post: (message) => self.postMessage(message),
  load: loadServedModel,
  // Uncaught on purpose: the page hears of it as of any crash.
  crash: (words) =>
    setTimeout(() => {
      throw new Error(words);
    }),
});

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => service.handle(data));
