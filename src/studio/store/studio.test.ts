import { describe, expect, it } from 'vitest';
import {
  type FromWorker,
  type JobEvent,
  type JobId,
  type Picture,
  PROTOCOL_VERSION,
  type ToWorker,
} from '../../protocol.ts';
import type { WorkerPort } from '../../worker-client.ts';
import { readSettings } from './settings.ts';
import { createStudio } from './studio.ts';

/** The other end of the message port, where a real worker would stand. */
class Port implements WorkerPort {
  readonly sent: ToWorker[] = [];
  ended = false;
  onmessage: WorkerPort['onmessage'] = null;
  onmessageerror: WorkerPort['onmessageerror'] = null;
  onerror: WorkerPort['onerror'] = null;
  postMessage(message: ToWorker): void {
    this.sent.push(message);
  }
  terminate(): void {
    this.ended = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: message } as MessageEvent<unknown>);
  }
  job(job: JobId, event: JobEvent): void {
    this.say({ type: 'job', job, event } satisfies FromWorker);
  }
  ready(): void {
    const device = { backend: 'wasm', description: '2 processor threads', halfPrecision: false } as const;
    const state = { status: 'ready', model: 'storybook', sizeBytes: 1, trainedSide: 128, device } as const;
    this.say({ type: 'model', state } satisfies FromWorker);
  }
  crash(message: string): void {
    this.onerror?.({ message, preventDefault: () => undefined } as unknown as ErrorEvent);
  }
}

const picture: Picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
const done: JobEvent = {
  type: 'done',
  result: { type: 'picture', round: 1, rounds: 1, notes: [], totalMs: 10 },
};

function start() {
  const ports: Port[] = [];
  let seed = 100;
  const studio = createStudio({
    model: { id: 'storybook', baseUrl: 'http://localhost/models/storybook/' },
    backend: 'auto',
    settings: { ...readSettings(undefined, 'light'), checksItself: false },
    spawn: () => {
      const port = new Port();
      ports.push(port);
      return port;
    },
    randomSeed: () => seed++,
  });
  const { actions, store } = studio;
  const make = (prompt: string): JobId => {
    actions.setPrompt(prompt);
    actions.make();
    return store.getState().jobs.at(-1)!.id;
  };
  const drawn = () =>
    ports.at(-1)!.sent.flatMap((each) => (each.type === 'draw' ? [each.request.prompt] : []));
  actions.loadModel();
  return { actions, ports, make, drawn, state: () => store.getState() };
}

describe('queue', () => {
  it('waits for the model, then draws one after another', () => {
    const { make, drawn, ports, state } = start();
    expect(ports[0]!.sent).toMatchObject([{ type: 'open', version: PROTOCOL_VERSION, backend: 'auto' }]);
    const first = make('one');
    make('two');
    expect(drawn()).toEqual([]);
    expect(state().shown).toBe(first);
    ports[0]!.ready();
    expect(drawn()).toEqual(['one']);
    expect(state()).toMatchObject({ running: first, shown: first });
    ports[0]!.job(first, done);
    expect(drawn()).toEqual(['one', 'two']);
    expect(state().shown).toBe(state().running);
  });

  it('goes on after a failure and forgets what was taken out', () => {
    const { actions, make, drawn, ports } = start();
    ports[0]!.ready();
    const first = make('one');
    const second = make('two');
    make('three');
    actions.takeOut(second);
    const error = { code: 'internal', permanent: false, message: 'It broke.', action: 'Try again.' } as const;
    ports[0]!.job(first, { type: 'failed', error });
    expect(drawn()).toEqual(['one', 'three']);
  });

  it('asks the worker to stop and waits for its word', () => {
    const { actions, make, ports, state } = start();
    ports[0]!.ready();
    const job = make('one');
    actions.stop();
    expect(ports[0]!.sent.at(-1)).toEqual({ type: 'cancel', job });
    expect(state().running).toBe(job);
    ports[0]!.job(job, { type: 'cancelled', partial: picture });
    expect(state().running).toBeUndefined();
  });

  it('puts questions in the same queue', () => {
    const { actions, make, ports, state } = start();
    ports[0]!.ready();
    const job = make('one');
    actions.ask('What is it?', new Blob(['x']), 'image 1');
    expect(state().questions[0]?.state.status).toBe('waiting');
    ports[0]!.job(job, done);
    const asked = ports[0]!.sent.at(-1)!;
    expect(asked).toMatchObject({ type: 'ask', request: { question: 'What is it?' } });
    const { id } = state().questions[0]!;
    ports[0]!.job(id, { type: 'answering', text: 'A red' });
    expect(state().questions[0]).toMatchObject({ text: 'A red', state: { status: 'thinking' } });
    ports[0]!.job(id, {
      type: 'done',
      result: {
        type: 'answer',
        text: 'A red house.',
        complete: true,
        draws: false,
        found: [],
        notes: ['It was cut.'],
        totalMs: 5,
      },
    });
    expect(state().questions[0]).toMatchObject({
      text: 'A red house.',
      notes: ['It was cut.'],
      state: { status: 'done' },
    });
  });
});

describe('a job that fails', () => {
  const broken = { code: 'internal', permanent: false, message: 'It broke.', action: 'Try again.' } as const;
  const failed: JobEvent = { type: 'failed', error: broken };

  it('is told in a notice when the next one takes its place, and can be made again as it was', () => {
    const { actions, make, drawn, ports, state } = start();
    ports[0]!.ready();
    const first = make('one');
    const second = make('two');
    actions.setPrompt('something else');
    ports[0]!.job(first, failed);
    expect(state().shown).toBe(second);
    const [notice] = state().notices;
    expect(notice).toMatchObject({
      title: '“one” was not drawn',
      text: 'It broke. Try again.',
      remedy: { kind: 'make again', job: first },
    });
    actions.makeAgain(first);
    expect(state().notices).toEqual([]);
    ports[0]!.job(second, done);
    expect(drawn()).toEqual(['one', 'two', 'one']);
    const [before, , after] = state().jobs;
    expect(after?.request).toBe(before?.request);
  });

  it('needs no notice while its own card is looked at', () => {
    const { make, ports, state } = start();
    ports[0]!.ready();
    ports[0]!.job(make('one'), failed);
    expect(state().notices).toEqual([]);
  });

  it('is told when the person looks at something else, and when the engine comes back after a crash', () => {
    const { actions, make, ports, state } = start();
    ports[0]!.ready();
    const first = make('one');
    ports[0]!.job(first, done);
    const second = make('two');
    actions.show(first);
    ports[0]!.job(second, failed);
    expect(state().notices.map(({ title }) => title)).toEqual(['“two” was not drawn']);
    make('three');
    make('four');
    ports[0]!.crash('Uncaught Error: out of memory');
    ports[1]!.ready();
    expect(state().notices.map(({ title }) => title)).toContain('“three” was not drawn');
  });
});

describe('a model that did not load', () => {
  it('is loaded again for a picture and for a question', () => {
    const error = { code: 'unreachable', permanent: false, message: 'No net.', action: 'Retry.' } as const;
    const { actions, make, drawn, ports, state } = start();
    ports[0]!.say({ type: 'model', state: { status: 'failed', error } } satisfies FromWorker);
    actions.dismiss('model');
    make('one');
    expect(ports).toHaveLength(2);
    expect(state().model.status).toBe('starting');
    make('two');
    expect(ports).toHaveLength(2);
    ports[1]!.ready();
    expect(drawn()).toEqual(['one']);
    ports[1]!.say({ type: 'model', state: { status: 'failed', error } } satisfies FromWorker);
    actions.ask('What is it?', new Blob(['x']), 'image 1');
    expect(ports).toHaveLength(3);
  });
});

describe('the shelf', () => {
  it('lets a picture go and brings it back to its place', () => {
    const { actions, make, ports, state } = start();
    ports[0]!.ready();
    const ids = ['one', 'two', 'three'].map((prompt) => {
      const id = make(prompt);
      ports[0]!.job(id, { type: 'picture', round: 1, picture, drawMs: 5 });
      ports[0]!.job(id, done);
      return id;
    });
    actions.remove(ids[1]!);
    expect(state().jobs.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    const remedy = state().notices[0]?.remedy;
    if (remedy?.kind !== 'bring back') throw new Error('it cannot be brought back');
    actions.bringBack(remedy.job);
    expect(state().jobs.map(({ id }) => id)).toEqual(ids);
    expect(state()).toMatchObject({ shown: ids[1], notices: [] });
  });

  it('keeps what is running or waiting', () => {
    const { actions, make, ports, state } = start();
    ports[0]!.ready();
    const running = make('one');
    const waiting = make('two');
    actions.remove(running);
    actions.remove(waiting);
    actions.takeOut(running);
    expect(state().jobs.map(({ id }) => id)).toEqual([running, waiting]);
  });
});

it('does not move for a job that it does not know', () => {
  const { ports, state } = start();
  const before = state();
  ports[0]!.job('job-99' as JobId, { type: 'answering', text: 'A' });
  expect(state()).toBe(before);
});

it('says what the loading of the model left to know', () => {
  const { ports, state } = start();
  const device = { backend: 'wasm', description: '2 threads', halfPrecision: false } as const;
  const note = 'The weights were not kept.';
  ports[0]!.say({
    type: 'model',
    state: { status: 'ready', model: 'storybook', sizeBytes: 1, trainedSide: 128, device, note },
  } satisfies FromWorker);
  expect(state().notices.map(({ text }) => text)).toEqual([note]);
});

describe('seed', () => {
  it('is new for each picture unless it is locked', () => {
    const { actions, make, state } = start();
    make('one');
    make('two');
    actions.setSeed(7);
    make('three');
    make('four');
    expect(state().jobs.map((job) => job.request.settings.seed)).toEqual([100, 101, 7, 7]);
  });
});

describe('a form that cannot be drawn', () => {
  it('sends nothing and says why', () => {
    const { actions, ports, state } = start();
    ports[0]!.ready();
    expect(actions.make()).toBe(false);
    expect(state().problems.map((problem) => problem.field)).toEqual(['prompt']);
    expect(state().jobs).toEqual([]);
    actions.setPrompt('a');
    expect(state().problems).toEqual([]);
  });
});

describe('a worker that crashes', () => {
  it('is started again; its job fails in words and the queue goes on', () => {
    const { make, drawn, ports, state } = start();
    ports[0]!.ready();
    make('one');
    make('two');
    ports[0]!.crash('Uncaught Error: out of memory');
    expect(ports).toHaveLength(2);
    expect(ports[0]!.ended).toBe(true);
    expect(state().jobs[0]?.state).toMatchObject({
      status: 'failed',
      error: { message: 'The drawing engine stopped (out of memory).' },
    });
    expect(state().model.status).toBe('starting');
    ports[1]!.ready();
    expect(drawn()).toEqual(['two']);
  });

  it('is not started again before it ever worked', () => {
    const { actions, ports, state } = start();
    ports[0]!.crash('');
    expect(ports).toHaveLength(1);
    expect(state().model).toMatchObject({ status: 'failed' });
    expect(state().notices).toMatchObject([{ id: 'crash', remedy: { kind: 'load again' } }]);
    actions.loadModel();
    expect(ports).toHaveLength(2);
    expect(state().notices).toEqual([]);
  });

  it('keeps what was drawn when the person loads the model again', () => {
    const { actions, make, drawn, ports, state } = start();
    ports[0]!.ready();
    const job = make('one');
    ports[0]!.job(job, { type: 'denoising', round: 1, step: 1, steps: 4, preview: picture, elapsedMs: 1 });
    make('two');
    actions.loadModel();
    expect(state().jobs[0]?.state.status).toBe('stopped');
    expect(state().running).toBeUndefined();
    ports[1]!.ready();
    expect(drawn()).toEqual(['two']);
  });

  it('is refused when it speaks another version of the protocol', () => {
    const { ports, state } = start();
    ports[0]!.say({ type: 'progress', percent: 3 });
    expect(ports[0]!.ended).toBe(true);
    expect(state().notices[0]?.title).toMatch(/different versions/);
  });
});

describe('without a GPU', () => {
  const device = {
    backend: 'wasm',
    description: '2 threads',
    halfPrecision: false,
    reason: 'No adapter.',
  } as const;
  const message = {
    type: 'model',
    state: { status: 'ready', model: 'storybook', sizeBytes: 1, trainedSide: 128, device },
  } as const;

  it('says so once, until the person has read it', () => {
    const { actions, ports, state } = start();
    ports[0]!.say(message);
    expect(state().notices.map((notice) => notice.id)).toEqual(['cpu']);
    actions.dismiss('cpu');
    actions.loadModel();
    ports[1]!.say(message);
    expect(state().notices).toEqual([]);
  });

  it('says it again after the GPU was tried again, and no more once a picture is asked for', () => {
    const { actions, ports, make, state } = start();
    ports[0]!.say(message);
    actions.loadModel();
    ports[1]!.say(message);
    expect(state().notices.map((notice) => notice.id)).toEqual(['cpu']);
    make('a house');
    expect(state()).toMatchObject({ notices: [], acceptsCpu: true });
  });

  it('keeps quiet to who waits for a picture, and says it on another visit', () => {
    const { ports, make, state } = start();
    make('a house');
    ports[0]!.say(message);
    expect(state()).toMatchObject({ notices: [], acceptsCpu: false });
  });
});
