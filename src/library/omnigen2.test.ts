/** The library with a worker that the test plays: every promise settles, whatever happens to the worker. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ErrorReport } from '../errors.ts';
import {
  type FromWorker,
  type JobEvent,
  type JobResult,
  PROTOCOL_VERSION,
  type ToWorker,
} from '../protocol.ts';
import type { WorkerPort } from '../worker-client.ts';
import { OmniGen2, type OpenOptions, pngOf } from './omnigen2.ts';

/** Replaces the browser's Worker. */
class Port implements WorkerPort {
  readonly received: ToWorker[] = [];
  onmessage: WorkerPort['onmessage'] = null;
  onmessageerror: WorkerPort['onmessageerror'] = null;
  onerror: WorkerPort['onerror'] = null;

  constructor() {
    ports.push(this);
  }
  postMessage(message: ToWorker): void {
    this.received.push(message);
  }
  terminate(): void {}
  say(message: FromWorker): void {
    this.sayAnything(message);
  }
  sayAnything(data: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data }));
  }
  ready(): void {
    const device = { backend: 'wasm', description: 'a test', halfPrecision: false } as const;
    const state = { status: 'ready', model: 'tiny', sizeBytes: 1, trainedSide: 64, device } as const;
    this.say({ type: 'version', version: PROTOCOL_VERSION });
    this.say({ type: 'model', state });
  }
  crash(): void {
    this.onmessageerror?.({} as MessageEvent);
  }
  /** The last message of a kind. */
  last<Type extends ToWorker['type']>(type: Type): Extract<ToWorker, { type: Type }> {
    const found = this.received.findLast((message) => message.type === type);
    if (!found) throw new Error(`no ${type} was sent`);
    return found as Extract<ToWorker, { type: Type }>;
  }
  /** Sends an event of the last job of a kind. */
  tell(type: 'draw' | 'ask' | 'turn', event: JobEvent): void {
    this.say({ type: 'job', job: this.last(type).job, event });
  }
  done(type: 'draw' | 'ask' | 'turn', result: JobResult): void {
    this.tell(type, { type: 'done', result });
  }
}

let ports: Port[] = [];
let reported: unknown[] = [];

beforeEach(() => {
  ports = [];
  reported = [];
  vi.stubGlobal('Worker', Port);
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
});
afterEach(() => vi.unstubAllGlobals());

const ANSWER = {
  type: 'answer',
  text: 'A house',
  complete: false,
  draws: false,
  found: [],
  notes: [],
  totalMs: 1,
} as const;
const REPLY = { type: 'reply', text: 'Yes.', complete: true, drew: false, notes: [], totalMs: 1 } as const;
const BROKEN: ErrorReport = { code: 'device', permanent: true, message: 'It broke.', action: 'Wait.' };
const picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };

/** A loaded model and its port. */
async function opened(options?: OpenOptions) {
  const opening = OmniGen2.open(options);
  ports[0].ready();
  return { model: await opening, port: ports[0] };
}
/** Lets pending promises continue. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

/** Every call that sends something. */
const calls = (model: OmniGen2) =>
  [
    ['draw', () => model.draw('a house')],
    ['ask', () => model.ask('What is it?')],
    ['say', () => model.conversation().say('Hello.')],
    ['setAdapters', () => model.setAdapters([])],
  ] as const;

test('dispose rejects pending and later calls with its reason', async () => {
  const { model } = await opened();
  const running = calls(model).map(([, call]) => call());
  await settle();
  model.dispose('enough');
  for (const promise of running) await expect(promise).rejects.toBe('enough');
  for (const [, call] of calls(model)) await expect(call()).rejects.toBe('enough');
  model.dispose('again');
  await expect(model.ask('What is it?')).rejects.toBe('enough');
});

test('a worker of another version rejects pending and later calls in one sentence', async () => {
  const { model, port } = await opened();
  const running = model.ask('What is it?');
  port.sayAnything({ type: 'version', version: 5 });
  const wanted = { name: 'OmniError', message: expect.stringContaining('different versions') };
  await expect(running).rejects.toMatchObject(wanted);
  for (const [, call] of calls(model)) await expect(call()).rejects.toMatchObject(wanted);
});

test('a message that is not understood ends its job alone', async () => {
  const { model, port } = await opened();
  const failing = model.ask('What is it?');
  const { job } = port.last('ask');
  port.sayAnything({ type: 'job', job, event: { type: 'of another version' } });
  await expect(failing).rejects.toMatchObject({
    code: 'internal',
    message:
      'The page does not understand a message of the drawing engine: event.type must be of a known kind, not "of another version".',
  });
  expect(port.last('cancel').job).toBe(job);
  const next = model.ask('What is it?');
  port.done('ask', ANSWER);
  expect(await next).toMatchObject({ text: 'A house' });
});

test('after a crash the next job goes to the worker that was started again', async () => {
  const { model, port } = await opened();
  const running = model.ask('What is it?');
  port.crash();
  await expect(running).rejects.toMatchObject({ code: 'internal' });
  const next = model.ask('What is it?');
  ports[1].ready();
  ports[1].done('ask', ANSWER);
  expect(await next).toEqual({
    text: 'A house',
    complete: false,
    draws: false,
    found: [],
    notes: [],
    totalMs: 1,
  });
});

test('errors of listeners are reported and keep no promise from settling', async () => {
  const onState = vi.fn(() => {
    throw new Error('of the state');
  });
  const { model, port } = await opened({ onState });
  const answered = model.ask('What is it?', {
    onEvent: ({ type }) => {
      throw new Error(type);
    },
  });
  port.tell('ask', { type: 'answering', text: 'A' });
  port.done('ask', ANSWER);
  expect(await answered).toMatchObject({ text: 'A house' });
  const failing = model.ask('What is it?', {
    onEvent: ({ type }) => {
      throw new Error(type);
    },
  });
  port.tell('ask', { type: 'failed', error: BROKEN });
  await expect(failing).rejects.toMatchObject(BROKEN);
  expect(reported.map((error) => (error as Error).message)).toEqual([
    'of the state',
    'answering',
    'done',
    'failed',
  ]);
});

test('a model that does not load rejects open, even if a listener throws', async () => {
  const opening = OmniGen2.open({
    onState: () => {
      throw new Error('of the state');
    },
  });
  ports[0].say({ type: 'model', state: { status: 'failed', error: BROKEN } });
  await expect(opening).rejects.toMatchObject(BROKEN);
});

test('absent and undefined settings have their defaults', async () => {
  const { model, port } = await opened();
  const drawing = model.draw('a house', {
    settings: { steps: 3, seed: 7, scheduler: undefined, posterior: 'mean', height: undefined },
  });
  await settle();
  const { request } = port.last('draw');
  expect(request).toMatchObject({ prompt: 'a house', references: [], rounds: 1 });
  expect(request.settings).toEqual({
    ...{ width: 64, height: 64, alignSize: true, steps: 3, seed: 7, textGuidance: 4, imageGuidance: 2 },
    ...{
      guidanceRange: [0, 0.6],
      scheduler: 'euler',
      acceleration: 'none',
      teaCacheThreshold: 0.05,
      negativePrompt: '',
      posterior: 'mean',
    },
  });
  port.tell('draw', { type: 'picture', round: 1, picture, drawMs: 1 });
  port.done('draw', { type: 'picture', round: 1, rounds: 1, notes: [], totalMs: 1 });
  expect(await drawing).toMatchObject({ picture, settings: { seed: 7 }, rounds: [] });
});

test('an abort stops a job, which rejects with the reason', async () => {
  const { model, port } = await opened();
  const stop = new AbortController();
  const stopped = model.ask('What is it?', { signal: stop.signal });
  stop.abort('enough');
  expect(port.last('cancel').job).toBe(port.last('ask').job);
  port.tell('ask', { type: 'cancelled' });
  await expect(stopped).rejects.toBe('enough');
});

test('a conversation counts the turns with a reply', async () => {
  const { model, port } = await opened();
  const conversation = model.conversation();
  const say = async (event: JobEvent) => {
    const turn = conversation.say('Hello.');
    await settle();
    port.tell('turn', event);
    await turn.catch(() => undefined);
    return port.last('turn').request.turns;
  };
  const done: JobEvent = { type: 'done', result: REPLY };
  expect(await say(done)).toBe(0);
  expect(await say({ type: 'failed', error: BROKEN })).toBe(1);
  expect(await say(done)).toBe(1);
  expect(await say(done)).toBe(2);
});

test('a conversation ends after its pending turns and then sends nothing', async () => {
  const { model, port } = await opened();
  const conversation = model.conversation();
  const turn = conversation.say('Hello.');
  await settle();
  conversation.end();
  await settle();
  expect(port.received.map(({ type }) => type)).not.toContain('end');
  port.done('turn', REPLY);
  expect(await turn).toMatchObject({ text: 'Yes.' });
  await settle();
  expect(port.last('end').conversation).toBe(port.last('turn').request.conversation);
  await expect(conversation.say('Hello?')).rejects.toMatchObject({ code: 'bad_request' });
});

test('a browser without a canvas is an error of the device', async () => {
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext(): null {
        return null;
      }
    },
  );
  await expect(pngOf(picture)).rejects.toMatchObject({ name: 'OmniError', code: 'device' });
});

test('wrong arguments are refused in one sentence before anything is sent', async () => {
  const { model, port } = await opened();
  const before = port.received.length;
  const file = new Blob(['weights']);
  // As plain JavaScript may call them.
  const draw = model.draw.bind(model) as (...given: unknown[]) => Promise<unknown>;
  const ask = model.ask.bind(model) as typeof draw;
  const conversation = model.conversation();
  const say = conversation.say as typeof draw;
  const setAdapters = model.setAdapters.bind(model) as typeof draw;
  const open = OmniGen2.open as typeof draw;
  const wrong: readonly (readonly [Promise<unknown>, string, string?])[] = [
    [draw(), 'draw(): "prompt" must be text, not undefined.'],
    [draw({ prompt: 'a house' }), 'draw(): "prompt" must be text, not an object (Object).'],
    [draw('a house', 'a boat'), 'draw(): "options" must be an object of references, rounds, settings'],
    [draw('a house', null), 'draw(): "options" must be an object'],
    [draw('a house', { steps: 2 }), 'draw(): there is no option "steps".', 'into "settings"'],
    [
      draw('a house', { colour: 'red' }),
      'draw(): there is no option "colour".',
      'references, rounds, settings',
    ],
    [
      draw('a house', { settings: { step: 9 } }),
      'no option "settings.step".',
      'width, height, alignSize, steps',
    ],
    [
      draw('a house', { settings: { steps: '9' } }),
      '"settings.steps" must be a whole number from 1 to 1,000, not "9".',
    ],
    [
      draw('a house', { settings: { steps: 0 } }),
      'draw(): "settings.steps" must be a whole number',
      '20 and 50 steps',
    ],
    [draw('a house', { settings: { scheduler: 'dpm' } }), 'must be one of euler, dpmsolver++, not "dpm".'],
    [draw('a house', { rounds: 21 }), 'draw(): "rounds" must be a whole number from 1 to 20, not 21.'],
    [draw('a house', file), 'draw(): "options" must be an object of references, rounds, settings'],
    [draw('a house', { settings: file }), '"settings" must be an object of width, height'],
    [ask('What?', { maxNewTokens: 0 }), '"maxNewTokens" must be a whole number from 1 to 32,768, not 0.'],
    [ask('What?', { sampling: { topP: 2 } }), '"sampling.topP" must be a number from 0 to 1, not 2.'],
    [
      draw('a house', { settings: { guidanceRange: [0] } }),
      '"settings.guidanceRange" must be two numbers within 0 to 1',
    ],
    [draw('a house', { references: file }), '"references" must be an array of picture files'],
    [draw('a house', { references: ['a.png'] }), '"references" must be an array of picture files'],
    [draw('a house', { signal: new AbortController() }), '"signal" must be an AbortSignal'],
    [draw('a house', { onEvent: 'log' }), '"onEvent" must be a function, not "log".'],
    [ask(), 'ask(): "question" must be text'],
    [ask('What?', { settings: { steps: 2 } }), 'ask(): there is no option "settings".'],
    [
      ask('What?', { sampling: { temperatur: 1 } }),
      'no option "sampling.temperatur".',
      'temperature, topP, seed',
    ],
    [ask('What?', { temperature: 1 }), 'no option "temperature".', 'into "sampling"'],
    [say(7), 'say(): "text" must be text, not 7.'],
    [say('Hello.', { settings: { toString: 1 } }), 'say(): there is no option "settings.toString".'],
    [setAdapters(), 'setAdapters(): "adapters" must be an array of adapters'],
    [
      setAdapters([{ strength: 1 }]),
      'setAdapters(): "adapters[0].file" must be a file (Blob or File), not undefined.',
    ],
    [
      setAdapters([{ file, strength: 200 }]),
      '"adapters[0].strength" must be a number from -100 to 100, not 200.',
    ],
    [setAdapters([{ file }, { file: 'a.safetensors' }]), '"adapters[1].file" must be a file'],
    [open({ backend: 'gpu' }), 'open(): "backend" must be "auto", "webgpu" or "wasm", not "gpu".'],
    [open({ model: 'http://[' }), 'open(): "model" must be the address of a folder'],
    [open({ model: [new File([], 'loose.json')] }), 'or a picked folder'],
    [
      open({ models: '/m/' }),
      'open(): there is no option "models".',
      'model, backend, budgetBytes, onState, signal',
    ],
    [(pngOf as typeof draw)({ picture }), 'pngOf(): "picture" must be a picture'],
  ];
  const refusals = await Promise.allSettled(wrong.map(([refused]) => refused));
  for (const [i, [, message, action = '']] of wrong.entries()) {
    expect(refusals[i]).toHaveProperty('reason');
    expect((refusals[i] as PromiseRejectedResult).reason).toMatchObject({
      name: 'OmniError',
      code: 'bad_request',
      message: expect.stringContaining(message),
      action: expect.stringContaining(action),
    });
  }
  expect(port.received.length).toBe(before);
  expect(ports).toHaveLength(1);
});

test('absent settings of sampling have their defaults; without any there is no sampling', async () => {
  const { model, port } = await opened();
  const asked = async (sampling?: object) => {
    const answer = model.ask('What is it?', { sampling });
    await settle();
    port.done('ask', ANSWER);
    await answer;
    return port.last('ask').request.sampling;
  };
  expect(await asked()).toBeUndefined();
  expect(await asked({ temperature: 0.7, topP: undefined, seed: 3 })).toEqual({
    temperature: 0.7,
    topP: 1,
    seed: 3,
  });
  const seeds = [await asked({}), await asked({ topP: 0.9 })].map((sampling) => sampling?.seed);
  expect(await asked({})).toMatchObject({ temperature: 1, topP: 1, seed: expect.any(Number) });
  expect(seeds[0]).not.toBe(seeds[1]);

  const turn = model.conversation().say('Hello.', { sampling: { temperature: 0.5, seed: 1 } });
  await settle();
  port.done('turn', REPLY);
  await turn;
  expect(port.last('turn').request.sampling).toEqual({ temperature: 0.5, topP: 1, seed: 1 });
});

test('a picked folder is opened by its files, without the hidden ones', async () => {
  const file = (path: string) =>
    Object.defineProperty(new File(['{}'], 'model_index.json'), 'webkitRelativePath', { value: path });
  const files = [file('bear/model_index.json'), file('bear/vae/config.json'), file('bear/.git/config')];
  const { port } = await opened({ model: files });
  expect(port.last('open').model).toEqual({
    kind: 'files',
    name: 'bear',
    files: [
      { path: 'model_index.json', file: files[0] },
      { path: 'vae/config.json', file: files[1] },
    ],
  });
});
