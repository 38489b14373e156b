/** Measuring the device from the page: its place in the queue, its end, and a worker that crashes. */

import { expect, test } from 'vitest';
import type { FromWorker, JobId, MeasurementEvent, ToWorker } from '../../protocol.ts';
import type { WorkerPort } from '../../worker-client.ts';
import { readSettings } from '../store/settings.ts';
import { createStudio } from '../store/studio.ts';
import { builtInModel } from './chosen-model.ts';

const REPORT = { sentences: ['Backend: wasm.'], tables: [], json: '{}' };
const STAGE = { stage: 'VAE block', done: 5, total: 7 };

function start() {
  const ports: WorkerPort[] = [];
  const sent: ToWorker[] = [];
  const model = builtInModel('http://localhost/models/storybook/');
  const { actions, store } = createStudio({
    ...{ model, builtInModel: model, backend: 'auto' },
    settings: readSettings(undefined, 'light'),
    spawn: () => {
      const port: WorkerPort = {
        ...{ onmessage: null, onmessageerror: null, onerror: null },
        postMessage: (message) => sent.push(message),
        terminate: () => undefined,
      };
      ports.push(port);
      return port;
    },
    randomSeed: () => 1,
  });
  const say = (message: FromWorker) =>
    ports.at(-1)?.onmessage?.(new MessageEvent('message', { data: message }));
  const ready = () => {
    const device = { backend: 'wasm', description: '2 processor threads', halfPrecision: false } as const;
    say({ type: 'model', state: { status: 'ready', model: 'a', sizeBytes: 1, trainedSide: 128, device } });
  };
  const crash = () => ports.at(-1)?.onmessageerror?.(new MessageEvent('messageerror'));
  const event = (job: JobId, each: MeasurementEvent) => say({ type: 'measurement', job, event: each });
  const measurement = () => store.getState().measurement!;
  const types = () => sent.map(({ type }) => type);
  actions.loadModel();
  return { actions, say, ready, crash, event, measurement, types, state: store.getState };
}

test('waits for the model, shows its stages and ends with the report; the next job starts then', () => {
  const { actions, ready, say, event, measurement, types, state } = start();
  actions.measure();
  actions.measure();
  expect(measurement().state).toEqual({ status: 'waiting' });
  actions.setPrompt('a cat');
  actions.draw();
  ready();
  const { id } = measurement();
  expect(types()).toEqual(['open', 'measure']);
  say({ type: 'job', job: id, event: { type: 'queued' } });
  event(id, { type: 'stage', ...STAGE });
  expect(measurement().state).toEqual({ status: 'running', stopping: false, progress: STAGE });
  event(id, { type: 'report', report: REPORT });
  expect(measurement().state).toEqual({ status: 'done', report: REPORT });
  expect(state().announcement).toBe('The device has been measured.');
  expect(types()).toEqual(['open', 'measure', 'draw']);
});

test('is stopped while it runs, and while it waits', () => {
  const { actions, ready, say, measurement, types } = start();
  ready();
  actions.measure();
  const { id } = measurement();
  say({ type: 'job', job: id, event: { type: 'queued' } });
  actions.stopMeasuring();
  expect(types().at(-1)).toBe('cancel');
  expect(measurement().state).toMatchObject({ status: 'running', stopping: true });
  say({ type: 'job', job: id, event: { type: 'cancelled' } });
  expect(measurement().state).toEqual({ status: 'stopped' });
  actions.loadModel();
  actions.measure();
  actions.stopMeasuring();
  expect(measurement().state).toEqual({ status: 'stopped' });
  ready();
  expect(types().at(-1)).toBe('open');
});

test('a worker that crashes ends it with the reason, and another model stops it', () => {
  const { actions, ready, crash, measurement } = start();
  ready();
  actions.measure();
  crash();
  const message = 'A message of the drawing engine could not be read.';
  expect(measurement().state).toMatchObject({ status: 'failed', error: { message } });
  ready();
  actions.measure();
  actions.chooseBuiltInModel();
  expect(measurement().state).toEqual({ status: 'stopped' });
});
