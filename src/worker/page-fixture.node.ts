/** The page's side of a service with the tiny model, for tests. The graphs are real and run on the CPU. */

import { fixtureCheckpoint } from '../omnigen2/fixtures.node.ts';
import { loadTokenizer } from '../omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import {
  type AdapterChangeId,
  type AdapterFile,
  type AdapterOutcome,
  type DrawRequest,
  type FromWorker,
  type JobEvent,
  type JobId,
  PROTOCOL_VERSION,
  type TurnRequest,
} from '../protocol.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import type { Runtime } from '../runtime/types.ts';
import { DEFAULT_SETTINGS } from '../settings/draw-settings.ts';
import type { LoadedModel, LoadModel } from './load.ts';
import { ModelService } from './service.ts';

export const MODEL = { kind: 'bundle', name: 'tiny', baseUrl: 'https://example.org/tiny' } as const;
export const checkpoint = await fixtureCheckpoint();

/** The parts of a loaded model that a test replaces. */
export interface Replacements {
  readonly runtime?: (real: Runtime) => Runtime;
  readonly tokenizer?: typeof loadTokenizer;
  readonly loaded?: (real: LoadedModel) => LoadedModel | Promise<LoadedModel>;
}

const NONE: Required<Replacements> = {
  runtime: (real) => real,
  tokenizer: loadTokenizer,
  loaded: (real) => real,
};

/** A service with the tiny model, and every message that it has posted. Load n uses replacement n. */
export function page(...replacements: readonly Replacements[]) {
  const posted: FromWorker[] = [];
  const crashes: string[] = [];
  const log: string[] = [];
  let listener: (message: FromWorker) => void = () => undefined;
  const waiters = new Set<() => void>();
  let loads = 0;
  const load: LoadModel = async (_signal, { model: { name }, budgetBytes }, { onProgress, onPart }) => {
    const { runtime, tokenizer, loaded } = { ...NONE, ...replacements[loads] };
    const number = ++loads;
    log.push(`load ${number} of ${name}`);
    onProgress({ doneBytes: 1, totalBytes: 1, from: 'cache' });
    const model = new OmniGen2Model(checkpoint, runtime(nodeRuntime({ threads: 1 })), tokenizer, {
      onPart,
      budgetBytes,
    });
    return loaded({
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
    posted.push(message);
    listener(message);
    for (const check of waiters) check();
  };
  let crashed = () => undefined as unknown;
  const crash = (message: string) => {
    crashes.push(message);
    crashed();
  };
  const service = new ModelService({ post, load, crash });
  const events = (job: JobId) =>
    posted.flatMap((each) => (each.type === 'job' && each.job === job ? [each.event] : []));
  const measurements = (job: JobId) =>
    posted.flatMap((each) => (each.type === 'measurement' && each.job === job ? [each.event] : []));
  const states = () => posted.flatMap((each) => (each.type === 'model' ? [each.state] : []));
  /** Resolves when the posted messages make `condition` true. */
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        waiters.delete(check);
        resolve();
      };
      waiters.add(check);
      check();
    });
  const ended = async (job: JobId): Promise<JobEvent> => {
    const last = () => events(job).findLast(({ type }) => ['done', 'failed', 'cancelled'].includes(type));
    await until(() => last() !== undefined);
    return last() as JobEvent;
  };
  const ready = (times = 1) =>
    until(() => states().filter(({ status }) => status === 'ready').length >= times);
  /** Calls a function with every message from now on, at once. */
  const on = (next: typeof listener) => {
    listener = next;
  };
  /** Calls a function when the worker crashes. */
  const onCrash = (next: typeof crashed) => {
    crashed = next;
  };
  const open = (id: string = MODEL.name) =>
    service.handle({
      type: 'open',
      version: PROTOCOL_VERSION,
      model: { ...MODEL, name: id },
      backend: 'auto',
    });
  const draw = (job: JobId, steps = 1) => service.handle({ type: 'draw', job, request: drawing(steps) });
  const turn = (job: JobId, request: TurnRequest) => service.handle({ type: 'turn', job, request });
  const cancel = (job: JobId) => service.handle({ type: 'cancel', job });
  const adapters = (change: AdapterChangeId, files: readonly AdapterFile[]) =>
    service.handle({ type: 'adapters', change, adapters: files });
  const settled = async (change: AdapterChangeId): Promise<AdapterOutcome> => {
    const answers = () =>
      posted.flatMap((each) => (each.type === 'adapters' && each.change === change ? [each.outcome] : []));
    await until(() => answers().length > 0);
    return answers()[0];
  };
  return {
    ...{ service, posted, crashes, log, events, measurements, states, until, ended, ready, on, onCrash },
    ...{ open, draw, turn, cancel, adapters, settled },
  };
}

export function drawing(steps: number): DrawRequest {
  const size = { width: 32, height: 32 };
  const guidance = { textGuidance: 1, imageGuidance: 1, guidanceRange: [0, 1] } as const;
  return {
    prompt: 'a red cat',
    references: [],
    settings: { ...DEFAULT_SETTINGS, ...size, ...guidance, seed: 1, steps },
    rounds: 1,
  };
}
