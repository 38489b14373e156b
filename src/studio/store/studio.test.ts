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
import { builtInModel } from '../models/chosen-model.ts';
import { readSettings } from './settings.ts';
import { createStudio } from './studio.ts';

const BUILT_IN = builtInModel('http://localhost/models/storybook/');

/** Stands in for a real worker: records the messages it gets and sends messages of its own. */
class FakeWorker implements WorkerPort {
  readonly sent: ToWorker[] = [];
  terminated = false;
  onmessage: WorkerPort['onmessage'] = null;
  onmessageerror: WorkerPort['onmessageerror'] = null;
  onerror: WorkerPort['onerror'] = null;
  postMessage(message: ToWorker): void {
    this.sent.push(message);
  }
  terminate(): void {
    this.terminated = true;
  }
  send(message: unknown): void {
    this.onmessage?.({ data: message } as MessageEvent<unknown>);
  }
  job(job: JobId, event: JobEvent): void {
    this.send({ type: 'job', job, event } satisfies FromWorker);
  }
  ready(): void {
    const device = { backend: 'wasm', description: '2 processor threads', halfPrecision: false } as const;
    const state = { status: 'ready', model: 'storybook', sizeBytes: 1, trainedSide: 128, device } as const;
    this.send({ type: 'model', state } satisfies FromWorker);
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
  const workers: FakeWorker[] = [];
  let seed = 100;
  const studio = createStudio({
    model: BUILT_IN,
    builtInModel: BUILT_IN,
    backend: 'auto',
    settings: { ...readSettings(undefined, 'light'), checksItself: false },
    spawn: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    randomSeed: () => seed++,
  });
  const { actions, store } = studio;
  const draw = (prompt: string): JobId => {
    actions.setPrompt(prompt);
    actions.draw();
    return store.getState().jobs.at(-1)!.id;
  };
  const drawn = () =>
    workers.at(-1)!.sent.flatMap((each) => (each.type === 'draw' ? [each.request.prompt] : []));
  actions.loadModel();
  return { actions, workers, draw, drawn, state: () => store.getState() };
}

describe('queue', () => {
  it('waits for the model, then draws one job after another', () => {
    const { draw, drawn, workers, state } = start();
    expect(workers[0]!.sent).toMatchObject([{ type: 'open', version: PROTOCOL_VERSION, backend: 'auto' }]);
    const first = draw('one');
    draw('two');
    expect(drawn()).toEqual([]);
    expect(state().shown).toBe(first);
    workers[0]!.ready();
    expect(drawn()).toEqual(['one']);
    expect(state()).toMatchObject({ running: first, shown: first });
    workers[0]!.job(first, done);
    expect(drawn()).toEqual(['one', 'two']);
    expect(state().shown).toBe(state().running);
  });

  it('leaves a picture on the canvas that was chosen while another one was drawn', () => {
    const { actions, draw, drawn, workers, state } = start();
    workers[0]!.ready();
    const first = draw('one');
    workers[0]!.job(first, done);
    const second = draw('two');
    draw('three');
    actions.show(first);
    workers[0]!.job(second, done);
    expect(drawn()).toEqual(['one', 'two', 'three']);
    expect(state().shown).toBe(first);
  });

  it('continues after a failure and skips removed jobs', () => {
    const { actions, draw, drawn, workers } = start();
    workers[0]!.ready();
    const first = draw('one');
    const second = draw('two');
    draw('three');
    actions.removeFromQueue(second);
    const error = { code: 'internal', permanent: false, message: 'It broke.', action: 'Try again.' } as const;
    workers[0]!.job(first, { type: 'failed', error });
    expect(drawn()).toEqual(['one', 'three']);
  });

  it('asks the worker to stop and waits until it has', () => {
    const { actions, draw, workers, state } = start();
    workers[0]!.ready();
    const job = draw('one');
    actions.stop();
    expect(workers[0]!.sent.at(-1)).toEqual({ type: 'cancel', job });
    expect(state().running).toBe(job);
    workers[0]!.job(job, { type: 'cancelled', partial: picture });
    expect(state().running).toBeUndefined();
  });

  it('empties the canvas and the prompt for a new picture', () => {
    const { actions, draw, workers, state } = start();
    workers[0]!.ready();
    draw('one');
    actions.clearCanvas();
    expect(state()).toMatchObject({ shown: undefined, form: { prompt: '' } });
  });

  it('puts questions in the same queue', () => {
    const { actions, draw, workers, state } = start();
    workers[0]!.ready();
    const job = draw('one');
    actions.ask('What is it?', new Blob(['x']));
    expect(state().questions[0]?.state.status).toBe('waiting');
    workers[0]!.job(job, done);
    const asked = workers[0]!.sent.at(-1)!;
    expect(asked).toMatchObject({ type: 'ask', request: { question: 'What is it?' } });
    const { id } = state().questions[0]!;
    workers[0]!.job(id, { type: 'answering', text: 'A red' });
    expect(state().questions[0]).toMatchObject({ text: 'A red', state: { status: 'answering' } });
    workers[0]!.job(id, {
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

  it('leaves a notice when the next job replaces it, and can be drawn again with the same request', () => {
    const { actions, draw, drawn, workers, state } = start();
    workers[0]!.ready();
    const first = draw('one');
    const second = draw('two');
    actions.setPrompt('something else');
    workers[0]!.job(first, failed);
    expect(state().shown).toBe(second);
    const [notice] = state().notices;
    expect(notice).toMatchObject({
      title: '“one” was not drawn',
      text: 'It broke. Try again.',
      action: { kind: 'draw again', job: first },
    });
    actions.drawAgain(first);
    expect(state().notices).toEqual([]);
    workers[0]!.job(second, done);
    expect(drawn()).toEqual(['one', 'two', 'one']);
    const [before, , after] = state().jobs;
    expect(after?.request).toBe(before?.request);
  });

  it('leaves no notice while it is on the canvas', () => {
    const { draw, workers, state } = start();
    workers[0]!.ready();
    workers[0]!.job(draw('one'), failed);
    expect(state().notices).toEqual([]);
  });

  it('leaves a notice while another job is on the canvas, and after the worker has crashed', () => {
    const { actions, draw, workers, state } = start();
    workers[0]!.ready();
    const first = draw('one');
    workers[0]!.job(first, done);
    const second = draw('two');
    actions.show(first);
    workers[0]!.job(second, failed);
    expect(state().notices.map(({ title }) => title)).toEqual(['“two” was not drawn']);
    draw('three');
    draw('four');
    workers[0]!.crash('Uncaught Error: out of memory');
    workers[1]!.ready();
    expect(state().notices.map(({ title }) => title)).toContain('“three” was not drawn');
  });
});

describe('a model that did not load', () => {
  it('loads again for a picture and for a question', () => {
    const error = { code: 'unreachable', permanent: false, message: 'No net.', action: 'Retry.' } as const;
    const { actions, draw, drawn, workers, state } = start();
    workers[0]!.send({ type: 'model', state: { status: 'failed', error } } satisfies FromWorker);
    actions.dismiss('model');
    draw('one');
    expect(workers).toHaveLength(2);
    expect(state().model.status).toBe('starting');
    draw('two');
    expect(workers).toHaveLength(2);
    workers[1]!.ready();
    expect(drawn()).toEqual(['one']);
    workers[1]!.send({ type: 'model', state: { status: 'failed', error } } satisfies FromWorker);
    actions.ask('What is it?', new Blob(['x']));
    expect(workers).toHaveLength(3);
  });
});

describe('results', () => {
  it('can be removed and restored to their place', () => {
    const { actions, draw, workers, state } = start();
    workers[0]!.ready();
    const ids = ['one', 'two', 'three'].map((prompt) => {
      const id = draw(prompt);
      workers[0]!.job(id, { type: 'picture', round: 1, picture, drawMs: 5 });
      workers[0]!.job(id, done);
      return id;
    });
    actions.removeResult(ids[1]!);
    expect(state().jobs.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    const action = state().notices[0]?.action;
    if (action?.kind !== 'undo removal') throw new Error('the removal cannot be undone');
    actions.restoreResult(action.job);
    expect(state().jobs.map(({ id }) => id)).toEqual(ids);
    expect(state()).toMatchObject({ shown: ids[1], notices: [] });
  });

  it('do not include running or waiting jobs, which cannot be removed', () => {
    const { actions, draw, workers, state } = start();
    workers[0]!.ready();
    const running = draw('one');
    const waiting = draw('two');
    actions.removeResult(running);
    actions.removeResult(waiting);
    actions.removeFromQueue(running);
    expect(state().jobs.map(({ id }) => id)).toEqual([running, waiting]);
  });
});

it('ignores events of unknown jobs', () => {
  const { workers, state } = start();
  const before = state();
  workers[0]!.job('job-99' as JobId, { type: 'answering', text: 'A' });
  expect(state()).toBe(before);
});

it('shows the note of the loaded model', () => {
  const { workers, state } = start();
  const device = { backend: 'wasm', description: '2 threads', halfPrecision: false } as const;
  const note = 'The weights were not stored.';
  workers[0]!.send({
    type: 'model',
    state: { status: 'ready', model: 'storybook', sizeBytes: 1, trainedSide: 128, device, note },
  } satisfies FromWorker);
  expect(state().notices.map(({ text }) => text)).toEqual([note]);
});

describe('seed', () => {
  it('is new for each picture unless locked', () => {
    const { actions, draw, state } = start();
    draw('one');
    draw('two');
    actions.setSeed(7);
    draw('three');
    draw('four');
    expect(state().jobs.map((job) => job.request.settings.seed)).toEqual([100, 101, 7, 7]);
  });
});

describe('an invalid form', () => {
  it('sends nothing and lists its problems', () => {
    const { actions, workers, state } = start();
    workers[0]!.ready();
    expect(actions.draw()).toBe(false);
    expect(state().problems.map((problem) => problem.field)).toEqual(['prompt']);
    expect(state().jobs).toEqual([]);
    actions.setPrompt('a');
    expect(state().problems).toEqual([]);
  });
});

describe('a worker that crashes', () => {
  it('restarts; its job fails with a message and the queue continues', () => {
    const { draw, drawn, workers, state } = start();
    workers[0]!.ready();
    draw('one');
    draw('two');
    workers[0]!.crash('Uncaught Error: out of memory');
    expect(workers).toHaveLength(2);
    expect(workers[0]!.terminated).toBe(true);
    expect(state().jobs[0]?.state).toMatchObject({
      status: 'failed',
      error: { message: 'The drawing engine stopped (out of memory).' },
    });
    expect(state().model.status).toBe('starting');
    workers[1]!.ready();
    expect(drawn()).toEqual(['two']);
  });

  it('does not restart if it never loaded the model', () => {
    const { actions, workers, state } = start();
    workers[0]!.crash('');
    expect(workers).toHaveLength(1);
    expect(state().model).toMatchObject({ status: 'failed' });
    expect(state().notices).toMatchObject([{ id: 'crash', action: { kind: 'reload model' } }]);
    actions.loadModel();
    expect(workers).toHaveLength(2);
    expect(state().notices).toEqual([]);
  });

  it('keeps the unfinished picture when the model is loaded again', () => {
    const { actions, draw, drawn, workers, state } = start();
    workers[0]!.ready();
    const job = draw('one');
    workers[0]!.job(job, { type: 'denoising', round: 1, step: 1, steps: 4, preview: picture, elapsedMs: 1 });
    draw('two');
    actions.loadModel();
    expect(state().jobs[0]?.state.status).toBe('stopped');
    expect(state().running).toBeUndefined();
    workers[1]!.ready();
    expect(drawn()).toEqual(['two']);
  });

  it('is stopped if it has another version of the protocol', () => {
    const { workers, state } = start();
    workers[0]!.send({ type: 'progress', percent: 3 });
    expect(workers[0]!.terminated).toBe(true);
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

  it('shows a notice until it is dismissed', () => {
    const { actions, workers, state } = start();
    workers[0]!.send(message);
    expect(state().notices.map((notice) => notice.id)).toEqual(['cpu']);
    actions.dismiss('cpu');
    actions.loadModel();
    workers[1]!.send(message);
    expect(state().notices).toEqual([]);
  });

  it('shows the notice again after a retry, and hides it once a picture is requested', () => {
    const { actions, workers, draw, state } = start();
    workers[0]!.send(message);
    actions.loadModel();
    workers[1]!.send(message);
    expect(state().notices.map((notice) => notice.id)).toEqual(['cpu']);
    draw('a house');
    expect(state()).toMatchObject({ notices: [], acceptsCpu: true });
  });

  it('shows no notice to a person who waits for a picture, but shows it on the next visit', () => {
    const { workers, draw, state } = start();
    draw('a house');
    workers[0]!.send(message);
    expect(state()).toMatchObject({ notices: [], acceptsCpu: false });
  });
});
