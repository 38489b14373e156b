/** The page's side of a service on the tiny model, for tests: real graphs on this processor. */

import { fixtureCheckpoint } from '../omnigen2/fixtures.node.ts';
import { loadTokenizer } from '../omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import {
  type AdapterChangeId,
  type AdapterFile,
  type AdapterOutcome,
  type ChatRequest,
  type DrawRequest,
  type FromWorker,
  type JobEvent,
  type JobId,
  PROTOCOL_VERSION,
} from '../protocol.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import type { Runtime } from '../runtime/types.ts';
import type { LoadModel, Opened } from './load.ts';
import { ModelService } from './service.ts';

export const MODEL = { id: 'tiny', baseUrl: 'https://example.org/tiny' };
export const checkpoint = await fixtureCheckpoint();

/** What a test changes about a loaded model; everything else is the real one, on this processor. */
export interface Twist {
  readonly runtime?: (real: Runtime) => Runtime;
  readonly tokenizer?: typeof loadTokenizer;
  readonly opened?: (real: Opened) => Opened | Promise<Opened>;
}

const AS_IT_IS: Required<Twist> = {
  runtime: (real) => real,
  tokenizer: loadTokenizer,
  opened: (real) => real,
};

/** The page's side: a service on the tiny model, and all that it has said. The n-th load takes the n-th twist. */
export function page(...twists: readonly Twist[]) {
  const said: FromWorker[] = [];
  const crashes: string[] = [];
  const log: string[] = [];
  let act: (message: FromWorker) => void = () => undefined;
  const waiting = new Set<() => void>();
  let loads = 0;
  const load: LoadModel = async (_signal, { model: { id } }, { onProgress, onPart }) => {
    const { runtime, tokenizer, opened } = { ...AS_IT_IS, ...twists[loads] };
    const number = ++loads;
    log.push(`load ${number} of ${id}`);
    onProgress({ doneBytes: 1, totalBytes: 1, from: 'cache' });
    const model = new OmniGen2Model(checkpoint, runtime(nodeRuntime({ threads: 1 })), tokenizer, onPart);
    return opened({
      model,
      device: { backend: 'wasm', description: 'a test', halfPrecision: false },
      lost: new Promise(() => undefined),
      engineFailed: () => false,
      dispose: async () => {
        log.push(`dispose ${number}`);
        await model.dispose();
      },
    });
  };
  const post = (message: FromWorker) => {
    said.push(message);
    act(message);
    for (const look of waiting) look();
  };
  const service = new ModelService({ post, load, crash: (words) => crashes.push(words) });
  const events = (job: JobId) =>
    said.flatMap((each) => (each.type === 'job' && each.job === job ? [each.event] : []));
  const states = () => said.flatMap((each) => (each.type === 'model' ? [each.state] : []));
  /** Waits for what has been said, or comes to be said, to make `seen` true. */
  const until = (seen: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!seen()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const ended = async (job: JobId): Promise<JobEvent> => {
    const last = () => events(job).findLast(({ type }) => ['done', 'failed', 'cancelled'].includes(type));
    await until(() => last() !== undefined);
    return last() as JobEvent;
  };
  const ready = (times = 1) =>
    until(() => states().filter(({ status }) => status === 'ready').length >= times);
  /** Does something at the moment at which a message comes. */
  const on = (then: typeof act) => {
    act = then;
  };
  const open = (id = MODEL.id) =>
    service.handle({ type: 'open', version: PROTOCOL_VERSION, model: { ...MODEL, id }, backend: 'auto' });
  const draw = (job: JobId, steps = 1) => service.handle({ type: 'draw', job, request: drawing(steps) });
  const chat = (job: JobId, request: ChatRequest) => service.handle({ type: 'chat', job, request });
  const cancel = (job: JobId) => service.handle({ type: 'cancel', job });
  const adapters = (change: AdapterChangeId, files: readonly AdapterFile[]) =>
    service.handle({ type: 'adapters', change, adapters: files });
  const settled = async (change: AdapterChangeId): Promise<AdapterOutcome> => {
    const answers = () =>
      said.flatMap((each) => (each.type === 'adapters' && each.change === change ? [each.outcome] : []));
    await until(() => answers().length > 0);
    return answers()[0];
  };
  return {
    ...{ service, said, crashes, log, events, states, until, ended, ready, on },
    ...{ open, draw, chat, cancel, adapters, settled },
  };
}

export function drawing(steps: number): DrawRequest {
  const size = { width: 32, height: 32, alignSize: true };
  const guidance = { textGuidance: 1, imageGuidance: 1, guidanceRange: [0, 1] } as const;
  const rest = { seed: 1, scheduler: 'euler', acceleration: 'none', negativePrompt: '' } as const;
  return {
    prompt: 'a red cat',
    references: [],
    settings: { ...size, ...guidance, ...rest, steps },
    rounds: 1,
  };
}
