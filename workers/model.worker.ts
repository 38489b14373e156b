/** Entry of the worker that holds the model: passes messages to the service. */

import { loadModel } from '../src/worker/load.ts';
import { ModelService } from '../src/worker/service.ts';

const service = new ModelService({
  post: (message) => self.postMessage(message),
  load: loadModel,
  // Uncaught on purpose: the page handles it like any crash.
  crash: (words) =>
    setTimeout(() => {
      throw new Error(words);
    }),
});

self.addEventListener('message', ({ data }: MessageEvent<unknown>) => service.handle(data));
