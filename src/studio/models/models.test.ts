import { expect, test } from 'vitest';
import type { ModelsPort } from '../../models-client.ts';
import type { FromModels, InstalledModel, InstallProgress, ToModels } from '../../models-protocol.ts';
import type { ChosenModel } from './chosen-model.ts';
import { createModels } from './models.ts';
import { type Ending, paceOf, type Transfer, withProgress } from './models-state.ts';

/** Stands in for the worker: records the messages it gets and sends messages of its own. */
class FakeWorker implements ModelsPort {
  readonly sent: ToModels[] = [];
  onmessage: ModelsPort['onmessage'] = null;
  onmessageerror: ModelsPort['onmessageerror'] = null;
  onerror: ModelsPort['onerror'] = null;
  postMessage(message: ToModels): void {
    this.sent.push(message);
  }
  terminate(): void {}
  send(message: FromModels): void {
    this.onmessage?.({ data: message } as MessageEvent<unknown>);
  }
  crash(message = 'out of memory'): void {
    this.onerror?.({ message, preventDefault: () => undefined } as unknown as ErrorEvent);
  }
  /** The request of the last message. */
  request() {
    const last = this.sent.findLast((each) => 'request' in each);
    if (!last || !('request' in last)) throw new Error('no request was sent');
    return last.request;
  }
}

function start() {
  const workers: FakeWorker[] = [];
  const opened: ChosenModel[] = [];
  const left: string[] = [];
  const endings: (readonly [string, Ending])[] = [];
  const models = createModels({
    spawn: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    keptFolders: { list: async () => [], keep: async () => undefined, forget: async () => undefined },
    open: (model) => opened.push(model),
    leave: (key) => left.push(key),
    keepStorage: async () => undefined,
    onEnding: (name, ending) => endings.push([name, ending]),
  });
  const worker = () => {
    const last = workers.at(-1);
    if (!last) throw new Error('no worker was started');
    return last;
  };
  return { ...models, state: models.store.getState, workers, worker, opened, left, endings };
}

const SPACE = { usedBytes: 5 };
const MODEL: InstalledModel = {
  id: 'a1',
  name: 'owner/model',
  source: { kind: 'hub', address: 'owner/model@c0ffee' },
  state: 'complete',
  sizeBytes: 12e6,
  doneBytes: 30e6,
  totalBytes: 30e6,
  weights: 'q4',
  createdAt: 0,
};
const PROGRESS: InstallProgress = { id: 'a1', phase: 'converting', doneBytes: 1e6, totalBytes: 30e6 };
const BROKEN = { code: 'unreachable', permanent: false, message: 'It broke.', action: 'Try again.' } as const;

test('a checked folder is listed once, and opened on request', async () => {
  const { actions, state, worker, opened } = start();
  const folder = { kind: 'files', name: 'bear', files: [] } as const;
  const summary = { sizeBytes: 9, weights: 'bfloat16', trainedSide: 1024 } as const;
  for (let time = 0; time < 2; time++) {
    await actions.addFolder(folder);
    expect(state().checking).toBe('bear');
    worker().send({ type: 'checked', request: worker().request(), summary });
  }
  await expect.poll(() => state().folders).toHaveLength(1);
  expect(state().checking).toBeUndefined();
  expect(await actions.openFolder(state().folders[0].key)).toBe(true);
  expect(opened).toEqual([{ key: 'files:bear', name: 'bear', source: folder }]);
});

test('a refused folder changes nothing and is explained', async () => {
  const { actions, state, worker } = start();
  await actions.addFolder({ kind: 'files', name: 'bear', files: [] });
  worker().send({ type: 'failed', request: worker().request(), error: BROKEN });
  expect(state()).toMatchObject({ folders: [], checking: undefined, refusal: BROKEN });
  await actions.addFolder(Promise.reject(new Error('gone')));
  expect(state().refusal?.message).toBe('Reading the folder failed: gone');
});

test('an install has progress, can be paused, and ends in words', () => {
  const { actions, state, worker, endings } = start();
  actions.setToken(' secret ');
  actions.install(' owner/model ');
  const request = worker().request();
  expect(worker().sent.at(-1)).toMatchObject({ address: 'owner/model', token: 'secret' });
  worker().send({ type: 'progress', request, progress: PROGRESS });
  expect(state().transfers).toMatchObject([{ id: 'a1', progress: PROGRESS, pausing: false }]);
  actions.pause(request);
  expect(worker().sent.at(-1)).toEqual({ type: 'pause', request });
  expect(state().transfers).toMatchObject([{ pausing: true }]);
  worker().send({ type: 'paused', request });
  expect(state().transfers).toEqual([]);
  expect(endings).toEqual([]);

  worker().send({ type: 'models', models: [{ ...MODEL, state: 'partial' }], space: SPACE });
  actions.resume('a1');
  worker().send({ type: 'models', models: [MODEL], space: SPACE });
  worker().send({
    type: 'done',
    request: worker().request(),
    outcome: { type: 'installed', model: MODEL },
  });
  expect(state().endings.a1).toMatchObject({ tone: 'good', text: expect.stringContaining('12.0') });
  expect(endings).toMatchObject([['owner/model', { tone: 'good' }]]);
});

test('a failed install shows its error beside its model, and a refused address beside the form', () => {
  const { actions, state, worker } = start();
  actions.install('owner/model');
  worker().send({ type: 'failed', request: worker().request(), error: BROKEN });
  expect(state()).toMatchObject({ refusal: BROKEN, transfers: [], endings: {} });
  actions.install('owner/model');
  expect(state().refusal).toBeUndefined();
  worker().send({ type: 'progress', request: worker().request(), progress: PROGRESS });
  worker().send({ type: 'models', models: [], space: SPACE });
  worker().send({ type: 'failed', request: worker().request(), error: BROKEN });
  expect(state()).toMatchObject({ refusal: BROKEN, transfers: [], endings: {} });
  actions.install('owner/model');
  worker().send({ type: 'progress', request: worker().request(), progress: PROGRESS });
  worker().send({ type: 'models', models: [{ ...MODEL, state: 'partial' }], space: SPACE });
  worker().send({ type: 'failed', request: worker().request(), error: BROKEN });
  expect(state()).toMatchObject({ refusal: undefined, endings: { a1: { tone: 'bad', error: BROKEN } } });
});

test('a typed address stays until its install is in the list', () => {
  const { actions, state, worker } = start();
  actions.setAddress(' owner/model ');
  actions.install(state().address);
  worker().send({ type: 'progress', request: worker().request(), progress: PROGRESS });
  worker().send({ type: 'failed', request: worker().request(), error: BROKEN });
  expect(state().address).toBe(' owner/model ');
  actions.install(state().address);
  worker().send({ type: 'progress', request: worker().request(), progress: PROGRESS });
  worker().send({ type: 'models', models: [{ ...MODEL, state: 'partial' }], space: SPACE });
  expect(state().address).toBe('');
  actions.setAddress('owner/model');
  worker().send({ type: 'progress', request: worker().request(), progress: PROGRESS });
  expect(state().address).toBe('owner/model');
  worker().send({ type: 'paused', request: worker().request() });

  actions.setAddress('owner/model');
  actions.install('owner/model');
  worker().send({ type: 'done', request: worker().request(), outcome: { type: 'installed', model: MODEL } });
  expect(state()).toMatchObject({ address: '', endings: { a1: { tone: 'good' } } });
});

test('a worker that never sent a message is not started again by itself', () => {
  const { actions, state, worker, workers } = start();
  void actions.start();
  worker().crash('');
  expect(workers).toHaveLength(1);
  expect(state().refusal?.message).toContain('its script did not load');
  actions.install('owner/model');
  expect(workers).toHaveLength(2);
});

test('a message that cannot be read ends the worker', () => {
  const { actions, state, worker, workers } = start();
  actions.install('owner/model');
  worker().send({ type: 'models', models: [], space: SPACE });
  worker().onmessageerror?.({ data: null } as MessageEvent<unknown>);
  expect(state().refusal?.message).toContain('could not be read');
  expect(state().transfers).toEqual([]);
  expect(workers).toHaveLength(2);
});

test('a crash of the worker ends what it did, and the next request starts another', () => {
  const { actions, state, worker, workers } = start();
  actions.install('owner/model');
  worker().send({ type: 'models', models: [], space: SPACE });
  worker().crash();
  expect(state().refusal?.message).toContain('out of memory');
  expect(state().transfers).toEqual([]);
  expect(workers).toHaveLength(2);
  expect(worker().sent).toEqual([{ type: 'list' }]);
});

test('a deleted model is left first', () => {
  const { actions, worker, left } = start();
  actions.remove('a1');
  expect(left).toEqual(['installed:a1']);
  expect(worker().sent.at(-1)).toMatchObject({ type: 'delete', id: 'a1' });
});

test('speed and remaining time are those of the last seconds of a phase', () => {
  const { actions, state } = start();
  actions.install('owner/model');
  let [transfer]: readonly Transfer[] = state().transfers;
  const report = (doneBytes: number, atMs: number, phase: InstallProgress['phase'] = 'converting') => {
    transfer = withProgress(transfer, { ...PROGRESS, phase, doneBytes }, atMs);
  };
  report(0, 0);
  expect(paceOf(transfer)).toBeUndefined();
  report(10e6, 5000);
  expect(paceOf(transfer)).toEqual({ bytesPerSecond: 2e6, remainingMs: 10_000 });
  report(20e6, 14_000);
  expect(paceOf(transfer)?.bytesPerSecond).toBeCloseTo(10e6 / 9);
  report(0, 14_100, 'verifying');
  expect(paceOf(transfer)).toBeUndefined();
});
