/** Adapters through the client: a worker that is started again after a crash gets those that the model had. */

import { expect, test } from 'vitest';
import {
  type AdapterChangeId,
  type AdapterFile,
  type AdapterOutcome,
  type FromWorker,
  type JobId,
  PROTOCOL_VERSION,
  type ToWorker,
} from './protocol.ts';
import { createWorkerClient, type WorkerPort } from './worker-client.ts';

const [FIRST, SECOND] = ['first', 'second'] as AdapterChangeId[];
const MODEL = { id: 'tiny', baseUrl: 'https://example.org/tiny' };
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

/** The worker's end of a port: what has come, and a way to answer. */
class Port implements WorkerPort {
  readonly got: ToWorker[] = [];
  onmessage: WorkerPort['onmessage'] = null;
  onmessageerror: WorkerPort['onmessageerror'] = null;
  onerror: WorkerPort['onerror'] = null;

  postMessage(message: ToWorker): void {
    this.got.push(message);
  }

  terminate(): void {}

  say(message: FromWorker): void {
    this.onmessage?.({ data: message } as MessageEvent);
  }

  crash(): void {
    this.onmessageerror?.({} as MessageEvent);
  }
}

function client() {
  const ports: Port[] = [];
  const outcomes: [AdapterChangeId, AdapterOutcome][] = [];
  const notes: (string | undefined)[] = [];
  const opened = createWorkerClient(
    {
      model: (state) => state.status === 'ready' && notes.push(state.note),
      job: () => undefined,
      adapters: (change, outcome) => outcomes.push([change, outcome]),
      crashed: () => undefined,
    },
    () => {
      const port = new Port();
      ports.push(port);
      return port;
    },
  );
  const answer = (change: AdapterChangeId, outcome: AdapterOutcome) =>
    ports.at(-1)?.say({ type: 'adapters', change, outcome });
  return { ...opened, ports, outcomes, notes, answer };
}

const FAILED: AdapterOutcome = {
  status: 'failed',
  error: { code: 'bad_checkpoint', permanent: true, message: 'It is broken.', action: 'Take another.' },
};
const OPEN = { type: 'open', version: PROTOCOL_VERSION, model: MODEL, backend: 'auto' };

test('the last change that came to pass is made again after a crash, one that failed is not', () => {
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
  expect(ports[1].got).toEqual([OPEN, { type: 'adapters', change: FIRST, adapters: files('a') }]);
});

test('a change under which the worker crashed is not made again, nor any for another model', () => {
  const { open, adapters, answer, ports } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  ports[0].crash();
  expect(ports[1].got).toEqual([OPEN]);
  ports[1].say(READY);
  adapters(SECOND, files('b'));
  answer(SECOND, { status: 'done' });
  open(MODEL, 'auto');
  ports[2].say(READY);
  ports[2].crash();
  expect(ports[3].got).toEqual([OPEN]);
});

test('adapters that cannot be given again after a crash are missed in words, until others are there', () => {
  const { open, adapters, answer, ports, outcomes, notes } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  answer(FIRST, { status: 'done' });
  ports[0].crash();
  answer(FIRST, FAILED);
  ports[1].say(READY);
  expect(notes.at(-1)).toBe(
    'The adapters could not be given to the model again. It is broken. Take another.',
  );
  // Of the change itself nothing more is told.
  expect(outcomes).toEqual([[FIRST, { status: 'done' }]]);
  adapters(SECOND, files('b'));
  answer(SECOND, { status: 'done' });
  ports[1].say(READY);
  expect(notes.at(-1)).toBeUndefined();
});

test('adapters under which the worker crashes again are given to it no more', () => {
  const { open, adapters, answer, ports, notes } = client();
  open(MODEL, 'auto');
  ports[0].say(READY);
  adapters(FIRST, files('a'));
  answer(FIRST, { status: 'done' });
  ports[0].crash();
  ports[1].say(READY);
  ports[1].crash();
  expect(ports[2].got).toEqual([OPEN]);
  ports[2].say(READY);
  expect(notes.at(-1)).toMatch(
    /^The adapters could not be given to the model again: under them it crashed\./,
  );
});

test('what is sent tells whether there is a worker', () => {
  const { open, cancel, dispose } = client();
  const job = 'job' as JobId;
  expect(cancel(job)).toBe(false);
  open(MODEL, 'auto');
  expect(cancel(job)).toBe(true);
  dispose();
  expect(cancel(job)).toBe(false);
});
