/** Entry of the generation worker: hands messages to the service. */

import { GenerationService } from '../src/generation/service.ts';
import type { ToWorker } from '../src/protocol.ts';

const service = new GenerationService((message) => self.postMessage(message));

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => service.handle(data));
