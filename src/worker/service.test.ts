import { encode } from 'fast-png';
import { expect, test, vi } from 'vitest';
import { OmniError } from '../errors.ts';
import {
  type ConversationId,
  type JobEvent,
  type JobId,
  type ModelState,
  PROTOCOL_VERSION,
} from '../protocol.ts';
import type { Runtime } from '../runtime/types.ts';
import { checkpoint, drawing, MODEL, page } from './page-fixture.node.ts';

const [A, B, C] = ['a', 'b', 'c'] as JobId[];

const deviceError = () =>
  new OmniError({ code: 'device', message: 'The device is gone.', action: 'Try again.' });

/** A runtime that opens no graph. */
function refusing({ backend, halfPrecision, dispose }: Runtime, error: () => unknown): Runtime {
  return { backend, halfPrecision, dispose, open: () => Promise.reject(error()) };
}

/** The CPU runtime, as if it were WebAssembly. */
function onWasm(real: Runtime): Runtime {
  const { halfPrecision } = real;
  const open: Runtime['open'] = (graph, weights) => real.open(graph, weights);
  return { backend: 'wasm', halfPrecision, open, dispose: () => real.dispose() };
}

const types = (events: readonly JobEvent[]) => [...new Set(events.map(({ type }) => type))];
const statuses = (states: readonly ModelState[]) => states.map(({ status }) => status);

test('refuses a page of another version in one sentence', async () => {
  const { service, states, log } = page();
  service.handle({ type: 'open', version: 1, model: MODEL, backend: 'auto' });
  expect(states()).toMatchObject([
    {
      status: 'failed',
      error: { message: expect.stringContaining('version 1 of the protocol'), action: /Reload/ },
    },
  ]);
  expect(log).toEqual([]);
});

test('answers a wrong message in one sentence, to whoever waits for an answer', async () => {
  const { open, service, draw, ended, posted, events } = page();
  const log = vi.spyOn(console, 'error').mockReturnValue();
  open();
  expect(posted[0]).toEqual({ type: 'version', version: PROTOCOL_VERSION });
  const { settings, ...request } = drawing(1);
  const wrong = (changes: object) =>
    service.handle({ type: 'draw', job: A, request: { ...request, ...changes } });
  wrong({ settings: { ...settings, seed: -1 } });
  wrong({ settings: { ...settings, colour: 'red' } });
  wrong({ settings, references: ['a.png'] });
  expect(events(A)).toMatchObject([
    {
      type: 'failed',
      error: {
        code: 'bad_request',
        message: 'The seed -1 is not a whole number from 0 to 4,294,967,295.',
        action: 'Choose another seed.',
      },
    },
    { type: 'failed', error: { message: expect.stringContaining('has an unknown field "colour".') } },
    {
      type: 'failed',
      error: {
        code: 'internal',
        message: expect.stringContaining('request.references[0] must be a file (Blob or File), not "a.png".'),
      },
    },
  ]);
  service.handle({ type: 'adapters', change: 'first', adapters: 'none' });
  expect(posted.at(-1)).toMatchObject({ type: 'adapters', change: 'first', outcome: { status: 'failed' } });
  service.handle({ type: 'dance' });
  expect(log).toHaveBeenCalledTimes(1);
  log.mockRestore();
  draw(B);
  expect(await ended(B)).toMatchObject({ type: 'done' });
});

test('runs jobs in order, one at a time, and posts the events of each', async () => {
  const { open, draw, service, ended, events, posted, states } = page();
  open();
  draw(A, 2);
  service.handle({
    type: 'ask',
    job: B,
    request: { question: 'What is it?', pictures: [], maxNewTokens: 2 },
  });
  draw(C);
  await ended(C);
  expect(states()).toMatchObject([{ status: 'loading' }, { status: 'ready', model: checkpoint.name }]);
  expect(types(events(A))).toEqual([
    'queued',
    'loading',
    'encoding-prompt',
    'denoising',
    'decoding',
    'picture',
    'done',
  ]);
  expect(events(A).at(-1)).toMatchObject({ result: { type: 'picture', round: 1, rounds: 1 } });
  expect(events(B).at(-1)).toMatchObject({ type: 'done', result: { type: 'answer' } });
  const working = posted.flatMap((each) =>
    each.type === 'job' && each.event.type !== 'queued' ? [each.job] : [],
  );
  expect(working.filter((job, i) => job !== working[i - 1])).toEqual([A, B, C]);
});

test('cancels a waiting job before it runs', async () => {
  const { open, draw, cancel, ended, events } = page();
  open();
  draw(A);
  draw(B);
  cancel(B);
  expect(events(B)).toEqual([{ type: 'queued' }, { type: 'cancelled' }]);
  expect(await ended(A)).toMatchObject({ type: 'done' });
});

test('cancels a running job, returns its unfinished picture and runs the next job', async () => {
  const { open, draw, cancel, ended, on } = page();
  on((message) => {
    if (message.type === 'job' && message.event.type === 'denoising' && message.event.step === 2) cancel(A);
  });
  open();
  draw(A, 20);
  draw(B);
  expect(await ended(A)).toMatchObject({ type: 'cancelled', partial: { width: 32, height: 32 } });
  expect(await ended(B)).toMatchObject({ type: 'done' });
});

test('cancels a job at once while the model is loading', async () => {
  const { open, draw, cancel, ended, states } = page({
    loaded: () => new Promise(() => undefined),
  });
  open();
  draw(A);
  cancel(A);
  expect(await ended(A)).toEqual({ type: 'cancelled', partial: undefined });
  expect(statuses(states())).toEqual(['loading']);
});

test('reports an abort that the person did not request as a failure', async () => {
  const { open, draw, ended } = page({
    tokenizer: () => Promise.reject(new DOMException('The file was released.', 'AbortError')),
  });
  open();
  draw(A);
  expect(await ended(A)).toMatchObject({
    type: 'failed',
    error: { code: 'internal', message: 'Drawing failed: The file was released.' },
  });
});

test('a bad request fails without effect on other jobs', async () => {
  const { open, service, draw, ended, log } = page();
  open();
  service.handle({ type: 'draw', job: A, request: { ...drawing(1), prompt: ' ' } });
  draw(B);
  expect(await ended(A)).toMatchObject({ type: 'failed', error: { code: 'bad_request' } });
  expect(await ended(B)).toMatchObject({ type: 'done' });
  expect(log).toEqual(['load 1 of tiny']);
});

test('loads the model again after a device error, even if the old one cannot be disposed of', async () => {
  const { open, draw, ended, log, states } = page({
    runtime: (real) => refusing(real, deviceError),
    loaded: (real) => ({ ...real, dispose: () => real.dispose().then(() => Promise.reject(deviceError())) }),
  });
  open();
  draw(A);
  draw(B);
  expect(await ended(A)).toMatchObject({ type: 'failed', error: { message: 'The device is gone.' } });
  expect(await ended(B)).toMatchObject({ type: 'done' });
  expect(log).toEqual(['load 1 of tiny', 'dispose 1', 'load 2 of tiny']);
  expect(statuses(states())).toEqual(['loading', 'ready', 'loading', 'ready']);
});

test('loads the model again when the device is lost between jobs', async () => {
  let lose = () => undefined as unknown;
  const lost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  const { open, draw, ended, ready, log } = page({
    runtime: (real) => refusing(real, deviceError),
    loaded: (real) => ({ ...real, lost }),
  });
  open();
  await ready();
  lose();
  await ready(2);
  draw(A);
  expect(await ended(A)).toMatchObject({ type: 'done' });
  expect(log).toEqual(['load 1 of tiny', 'dispose 1', 'load 2 of tiny']);
});

test('an engine that has failed for good ends the worker with the message of the failed job', async () => {
  const { open, draw, crashes, events } = page({
    runtime: (real) => refusing(real, deviceError),
    loaded: (real) => ({ ...real, engineFailed: () => true }),
  });
  open();
  draw(A);
  draw(B);
  await expect.poll(() => crashes).toEqual(['The device is gone.']);
  expect(types(events(A))).not.toContain('failed');
  expect(types(events(B))).toEqual(['queued']);
});

test('a model that does not load fails its jobs with its own error', async () => {
  const { open, draw, ended, states } = page({
    loaded: () => {
      throw new OmniError({ code: 'unreachable', message: 'The network is gone.', action: 'Try again.' });
    },
  });
  open();
  draw(A);
  expect(await ended(A)).toMatchObject({ type: 'failed', error: { code: 'unreachable' } });
  expect(statuses(states())).toEqual(['loading', 'failed']);
  open();
  draw(B);
  expect(await ended(B)).toMatchObject({ type: 'done' });
});

test('a second model stops the running job, replaces the first model and runs the waiting jobs', async () => {
  const { open, draw, on, ended, log, events } = page();
  on((message) => {
    if (message.type === 'job' && message.event.type === 'denoising' && message.event.step === 1) {
      on(() => undefined);
      open('other');
    }
  });
  open();
  draw(A, 20);
  draw(B);
  expect(await ended(A)).toMatchObject({ type: 'cancelled' });
  expect(await ended(B)).toMatchObject({ type: 'done' });
  expect(log).toEqual(['load 1 of tiny', 'dispose 1', 'load 2 of other']);
  expect(types(events(B))).toContain('loading');
});

test('a job without a model fails', async () => {
  const { draw, ended } = page();
  draw(A);
  expect(await ended(A)).toMatchObject({ type: 'failed', error: { code: 'internal' } });
});

test('an answer says whether it was cut, and notes that WebAssembly shrinks a large photograph', async () => {
  const { open, service, ended } = page({ runtime: (real) => onWasm(real) });
  open();
  const pixels = { width: 1100, height: 980, channels: 3, data: new Uint8Array(3 * 1100 * 980) };
  const photo = new Blob([Uint8Array.from(encode(pixels))]);
  const request = { question: 'What is it?', pictures: [photo], maxNewTokens: 1 };
  service.handle({ type: 'ask', job: A, request });
  const notes = [expect.stringMatching(/^Picture 1 was resized to 1064 × 952 pixels .*: 1092 × 980/)];
  expect(await ended(A)).toMatchObject({ type: 'done', result: { complete: false, notes } });
}, 60_000);

test('refuses wrong sampling settings of questions and turns in one sentence', async () => {
  const { open, turn, service, ended } = page();
  open();
  const sampling = { temperature: 1, topP: 2, seed: 0 };
  const common = { pictures: [], maxNewTokens: 2, sampling };
  const { settings } = drawing(2);
  const conversation = 'one' as ConversationId;
  turn(A, { ...common, conversation, turns: 0, text: 'Which colour?', settings });
  const request = { ...common, question: 'Which colour?' };
  service.handle({ type: 'ask', job: B, request });
  for (const job of [A, B]) {
    expect(await ended(job)).toMatchObject({
      type: 'failed',
      error: { code: 'bad_request', message: expect.stringContaining('top-p 2') },
    });
  }
});
