/** The client of the worker: versions, messages that it does not understand, and adapters after a crash. */

import { expect, test, vi } from 'vitest';
import type { ErrorReport } from './errors.ts';
import {
  type AdapterChangeId,
  type AdapterFile,
  type AdapterOutcome,
  type FromWorker,
  type JobEvent,
  type JobId,
  PROTOCOL_VERSION,
  type ToWorker,
} from './protocol.ts';
import { createWorkerClient, type WorkerPort } from './worker-client.ts';

const [FIRST, SECOND] = ['first', 'second'] as AdapterChangeId[];
const MODEL = { kind: 'bundle', name: 'tiny', baseUrl: 'https://example.org/tiny' } as const;
const files = (name: string): AdapterFile[] => [{ name, file: new Blob([name]), strength: 1 }];
const READY: FromWorker = {
  type: 'model',
  state: {
    status: 'ready',
    model: 'tiny',
    sizeBytes: 1,
    trainedSide: 64,
    device: { backend: 'wasm', description: 'a test', halfPrecision: false },
  },
};

/** A worker that the test plays: the messages it received, and a way to answer. */
class Port implements WorkerPort {
  readonly received: ToWorker[] = [];
  onmessage: WorkerPort['onmessage'] = null;
  onmessageerror: WorkerPort['onmessageerror'] = null;
  onerror: WorkerPort['onerror'] = null;

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

  crash(): void {
    this.onmessageerror?.({} as MessageEvent);
  }
}

function client() {
  const ports: Port[] = [];
  const outcomes: [AdapterChangeId, AdapterOutcome][] = [];
  const notes: (string | undefined)[] = [];
  const events: [JobId, JobEvent][] = [];
  const crashes: ErrorReport[] = [];
  const opened = createWorkerClient(
    {
      model: (state) => state.status === 'ready' && notes.push(state.note),
      job: (id, event) => events.push([id, event]),
      adapters: (change, outcome) => outcomes.push([change, outcome]),
      crashed: (error) => crashes.push(error),
    },
    () => {
      const port = new Port();
      ports.push(port);
      return port;
    },
  );
  const answer = (change: AdapterChangeId, outcome: AdapterOutcome) =>
    ports.at(-1)?.say({ type: 'adapters', change, outcome });
  return { ...opened, ports, outcomes, notes, events, crashes, answer };
}

const FAILED: AdapterOutcome = {
  status: 'failed',
  error: { code: 'bad_checkpoint', permanent: true, message: 'It is broken.', action: 'Take another.' },
};
const OPEN = { type: 'open', version: PROTOCOL_VERSION, model: MODEL, backend: 'auto' };

test('a crash repeats the last change that succeeded, not one that failed', () => {
  const { open, adapters, answer, ports, outcomes } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  answer(FIRST, { status: 'done' });
  adapters(SECOND, files('b'));
  answer(SECOND, FAILED);
  expect(outcomes).toEqual([
    [FIRST, { status: 'done' }],
    [SECOND, FAILED],
  ]);
  ports[0].crash();
  expect(ports[1].received).toEqual([OPEN, { type: 'adapters', change: FIRST, adapters: files('a') }]);
});

test('a crash repeats neither a change that was not finished nor one for another model', () => {
  const { open, adapters, answer, ports } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  ports[0].crash();
  expect(ports[1].received).toEqual([OPEN]);
  ports[1].say(READY);
  adapters(SECOND, files('b'));
  answer(SECOND, { status: 'done' });
  open(MODEL, 'auto');
  ports[2].say(READY);
  ports[2].crash();
  expect(ports[3].received).toEqual([OPEN]);
});

test('adapters that fail after a crash are noted until the model has others', () => {
  const { open, adapters, answer, ports, outcomes, notes } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  answer(FIRST, { status: 'done' });
  ports[0].crash();
  answer(FIRST, FAILED);
  ports[1].say(READY);
  expect(notes.at(-1)).toBe('The adapters could not be loaded again. It is broken. Take another.');
  // The change itself is not reported again.
  expect(outcomes).toEqual([[FIRST, { status: 'done' }]]);
  adapters(SECOND, files('b'));
  answer(SECOND, { status: 'done' });
  ports[1].say(READY);
  expect(notes.at(-1)).toBeUndefined();
});

test('adapters with which the worker crashes again are not repeated', () => {
  const { open, adapters, answer, ports, notes } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  answer(FIRST, { status: 'done' });
  ports[0].crash();
  ports[1].say(READY);
  ports[1].crash();
  expect(ports[2].received).toEqual([OPEN]);
  ports[2].say(READY);
  expect(notes.at(-1)).toMatch(
    /^The adapters could not be loaded again, because the drawing engine crashed with them\./,
  );
});

test('methods that send return whether there is a worker', () => {
  const { open, cancel, dispose } = client();
  const job = 'job' as JobId;
  expect(cancel(job)).toBe(false);
  open(MODEL, 'auto');
  expect(cancel(job)).toBe(true);
  dispose();
  expect(cancel(job)).toBe(false);
});

const SAME_VERSION: FromWorker = { type: 'version', version: PROTOCOL_VERSION };
const JOB = 'job' as JobId;

test('a worker of another version ends, with both versions in the error', () => {
  for (const [stated, words] of [
    [{ type: 'version', version: PROTOCOL_VERSION + 1 }, `(protocol ${PROTOCOL_VERSION + 1})`],
    [{ type: 'job', job: JOB, event: { type: 'reading', round: 1 } }, '(an older protocol)'],
  ] as const) {
    const { open, ports, crashes, cancel } = client();
    open(MODEL, 'auto');
    ports[0].sayAnything(stated);
    expect(crashes).toMatchObject([
      {
        permanent: true,
        message: expect.stringContaining(`(protocol ${PROTOCOL_VERSION}) and its drawing engine ${words}`),
        action: expect.stringContaining('Reload'),
      },
    ]);
    expect(cancel(JOB)).toBe(false);
  }
});

test('a message that is not understood ends its job or change, in one sentence, and nothing else', () => {
  const { open, adapters, ports, crashes, events, outcomes } = client();
  const log = vi.spyOn(console, 'error').mockReturnValue();
  open(MODEL, 'auto');
  ports[0].say(SAME_VERSION);
  ports[0].say(READY);
  const sentence = (words: string) =>
    expect.stringMatching(
      new RegExp(`^The page does not understand a message of the drawing engine: ${words}\\.$`),
    );
  ports[0].sayAnything({ type: 'job', job: JOB, event: { type: 'decoding' } });
  const message = sentence('event.round must be a number, not undefined');
  expect(events).toMatchObject([[JOB, { type: 'failed', error: { code: 'internal', message } }]]);
  expect(ports[0].received.at(-1)).toEqual({ type: 'cancel', job: JOB });

  adapters(FIRST, files('a'));
  ports[0].sayAnything({ type: 'adapters', change: FIRST, outcome: { status: 'maybe' } });
  expect(outcomes).toMatchObject([[FIRST, { status: 'failed' }]]);

  for (const data of [{ type: 'news' }, 'hello', null]) ports[0].sayAnything(data);
  expect(log).toHaveBeenCalledTimes(3);
  log.mockRestore();

  ports[0].say({ type: 'job', job: JOB, event: { type: 'queued' } });
  expect(events.at(-1)).toEqual([JOB, { type: 'queued' }]);
  expect(crashes).toEqual([]);
});

test('pictures in messages are not copied', () => {
  const { open, ports, events } = client();
  open(MODEL, 'auto');
  const picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  ports[0].say({ type: 'job', job: JOB, event: { type: 'picture', round: 1, picture, drawMs: 1 } });
  const [[, event]] = events;
  expect(event.type === 'picture' && event.picture.data).toBe(picture.data);
});
