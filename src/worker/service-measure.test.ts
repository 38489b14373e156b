/** Measuring the device as a job of the worker, on Node with a short time for every stage. */

import { expect, test } from 'vitest';
import { OmniError } from '../errors.ts';
import type { JobId } from '../protocol.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { page } from './page-fixture.node.ts';

const [A, B, C] = ['a', 'b', 'c'] as JobId[];

test('measures between other jobs, in stages, and ends with the report', async () => {
  const { open, draw, service, ended, measurements, posted } = page();
  open();
  service.handle({ type: 'measure', job: A, stageMs: 0 });
  draw(B);
  expect(await ended(B)).toMatchObject({ type: 'done' });
  const events = measurements(A);
  const last = events.pop();
  const stages = events.flatMap((event) => (event.type === 'stage' ? [event] : []));
  expect(stages).toHaveLength(events.length);
  expect(stages[0]).toEqual({ type: 'stage', stage: 'peak of float32 products', done: 0, total: 7 });
  expect(stages.map(({ done }) => done)).toEqual(stages.map((_, i) => i));
  if (last?.type !== 'report') throw new Error('there is no report');
  const { sentences, tables, json } = last.report;
  expect(sentences.slice(0, 2)).toEqual(['Device: a test.', 'No GPU was measured.']);
  expect(JSON.parse(json)).toMatchObject({ format: 1, device: { description: 'a test' } });
  expect(tables).toHaveLength(2);
  for (const { columns, rows } of tables) {
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toHaveLength(columns.length);
  }
  // The drawing waited for the report.
  const drawn = posted.findIndex((each) => each.type === 'job' && each.event.type === 'encoding-prompt');
  expect(drawn).toBeGreaterThan(posted.findLastIndex(({ type }) => type === 'measurement'));
});

test('is stopped at the next run', async () => {
  const { open, service, ended, on, measurements, cancel } = page();
  on((message) => message.type === 'measurement' && cancel(A));
  open();
  service.handle({ type: 'measure', job: A, stageMs: 0 });
  expect(await ended(A)).toEqual({ type: 'cancelled' });
  expect(measurements(A)).toHaveLength(1);
});

test('closes the parts of a large model before, and they load again for the next job', async () => {
  const { open, draw, service, ended, events, on, cancel, until, measurements } = page({
    loaded: (real) => {
      Object.assign(real.model, { footprint: { ...real.model.footprint, isLarge: true } });
      return real;
    },
  });
  open();
  draw(A);
  await ended(A);
  on((message) => message.type === 'measurement' && cancel(B));
  service.handle({ type: 'measure', job: B, stageMs: 0 });
  draw(C);
  await until(() => measurements(B).length > 0);
  expect(await ended(C)).toMatchObject({ type: 'done' });
  expect(events(C)).toContainEqual({ type: 'loading', part: 'transformer' });
});

test('an error of the device is told in one sentence, and the next measurement has a new device', async () => {
  const error = new OmniError({ code: 'device', message: 'The device is gone.', action: 'Try again.' });
  const real = nodeRuntime();
  const refusing = { ...real, open: () => Promise.reject(error) };
  const { open, service, ended, measurements, until, log } = page({ runtime: () => refusing });
  open();
  service.handle({ type: 'measure', job: C, stageMs: 0 });
  expect(await ended(C)).toMatchObject({ type: 'failed', error: { message: 'The device is gone.' } });
  service.handle({ type: 'measure', job: B, stageMs: 0 });
  await until(() => measurements(B).length > 0);
  service.handle({ type: 'cancel', job: B });
  expect(await ended(B)).toEqual({ type: 'cancelled' });
  expect(log).toEqual(['load 1 of tiny', 'dispose 1', 'load 2 of tiny']);
});
