/**
 * Entry of the models worker: checks picked folders; installs, verifies and deletes models. The model that
 * draws is in another worker, so drawing goes on meanwhile.
 */

import { openModelStore } from '../src/storage/open.ts';
import { ModelsService } from '../src/worker/models-service.ts';

const service = new ModelsService({
  post: (message) => self.postMessage(message),
  openStore: openModelStore,
});

self.addEventListener('message', ({ data }: MessageEvent<unknown>) => service.handle(data));
