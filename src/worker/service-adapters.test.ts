/**
 * Adapters through the service: a change comes before the next job, and a failed change leaves the model as
 * it was.
 */

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { OmniError } from '../errors.ts';
import type { AdapterChangeId, AdapterFile, JobId, ModelState, Picture } from '../protocol.ts';
import type { Runtime } from '../runtime/types.ts';
import type { Acceleration } from '../settings/draw-settings.ts';
import type { LoadedModel } from './load.ts';
import { drawing, page, type Replacements } from './page-fixture.node.ts';

const [A, B, C, D] = ['a', 'b', 'c', 'd'] as JobId[];
const [FIRST, SECOND, THIRD] = ['first', 'second', 'third'] as AdapterChangeId[];
const official = new Blob([await readFile('fixtures/goldens/lora/pytorch_lora_weights.safetensors')]);
const LORA: AdapterFile = { name: 'style.safetensors', file: official, strength: 1 };

type Page = ReturnType<typeof page>;

/** The picture of a job. */
async function drawn({ ended, events }: Page, job: JobId): Promise<Picture> {
  expect(await ended(job)).toMatchObject({ type: 'done' });
  const event = events(job).find(({ type }) => type === 'picture');
  if (event?.type !== 'picture') throw new Error('there is no picture');
  return event.picture;
}
const statuses = (states: readonly ModelState[]) => states.map(({ status }) => status);

test('later jobs draw with the adapters until they are removed', async () => {
  const here = page();
  here.open();
  here.draw(A);
  const plain = await drawn(here, A);
  here.adapters(FIRST, [LORA]);
  here.draw(B);
  expect(await here.settled(FIRST)).toEqual({ status: 'done' });
  const changed = await drawn(here, B);
  expect(changed.data).not.toEqual(plain.data);
  here.adapters(SECOND, [
    { ...LORA, strength: 0.5 },
    { ...LORA, name: 'again', strength: 0.5 },
  ]);
  here.draw(C);
  expect((await drawn(here, C)).data).toEqual(changed.data);
  here.adapters(THIRD, []);
  here.draw(A);
  await here.settled(THIRD);
  await here.until(() => here.events(A).filter(({ type }) => type === 'done').length === 2);
  const last = here.events(A).findLast(({ type }) => type === 'picture');
  expect(last).toMatchObject({ picture: { data: plain.data } });
  expect(statuses(here.states())).toEqual(
    ['loading', ...Array(4).fill(['ready', 'loading']).flat()].slice(0, 8),
  );
});

test('a change comes before waiting jobs and does not affect the running job', async () => {
  const here = page();
  here.open();
  here.draw(A);
  const plain = await drawn(here, A);
  here.draw(B, 3);
  here.draw(C);
  here.adapters(FIRST, [LORA]);
  const events = () =>
    here.posted.map((each) => (each.type === 'job' ? `${each.job} ${each.event.type}` : each.type));
  expect((await drawn(here, C)).data).not.toEqual(plain.data);
  const order = events();
  expect(order.indexOf('b done')).toBeLessThan(order.indexOf('adapters'));
  expect(order.indexOf('adapters')).toBeLessThan(order.indexOf('c encoding-prompt'));
});

describe('a failed change is reported and leaves the model as it was', () => {
  test.each<[string, readonly AdapterFile[], RegExp]>([
    ['a broken file', [{ ...LORA, file: official.slice(0, 50000) }], /^style\.safetensors: it is cut off/],
    ['another file', [{ ...LORA, file: new Blob(['<html>']) }], /^style\.safetensors: /],
    ['a name that occurs twice', [LORA, LORA], /^The adapter style\.safetensors is given twice/],
    ['a strength of NaN', [{ ...LORA, strength: Number.NaN }], /^The strength of style\.safetensors is NaN/],
    [
      'a change that is too large for any weight',
      [{ ...LORA, settings: new Blob(['{"r":4,"lora_alpha":1e9}']) }],
      /would change/,
    ],
    [
      'settings of another adapter',
      [{ ...LORA, settings: new Blob(['{"r":8,"lora_alpha":8}']) }],
      /has rank 8/,
    ],
  ])('%s', async (_, files, words) => {
    const here = page();
    here.open();
    here.adapters(FIRST, [LORA]);
    here.draw(A);
    const before = await drawn(here, A);
    here.adapters(SECOND, files);
    here.draw(B);
    const outcome = await here.settled(SECOND);
    expect(outcome).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(words) } });
    expect((await drawn(here, B)).data).toEqual(before.data);
    expect(statuses(here.states()).at(-1)).toBe('ready');
  });

  test('a transformer that cannot be loaded with the adapters', async () => {
    let refuses = false;
    const here = page({
      runtime: (real) => {
        const { backend, halfPrecision } = real;
        const error = new OmniError({ code: 'device', message: 'It does not fit.', action: 'Wait.' });
        return {
          ...{ backend, halfPrecision, dispose: () => real.dispose() },
          open: (graph, weights) => (refuses ? Promise.reject(error) : real.open(graph, weights)),
        };
      },
    });
    here.open();
    here.draw(A);
    const before = await drawn(here, A);
    refuses = true;
    here.adapters(FIRST, [LORA]);
    expect(await here.settled(FIRST)).toMatchObject({
      status: 'failed',
      error: { message: 'It does not fit.' },
    });
    refuses = false;
    here.draw(B);
    expect((await drawn(here, B)).data).toEqual(before.data);
    expect(here.log).toEqual(['load 1 of tiny']);
  });

  test('no model', async () => {
    const here = page();
    here.adapters(FIRST, [LORA]);
    expect(await here.settled(FIRST)).toMatchObject({ status: 'failed' });
    expect(here.states()).toEqual([]);
  });
});

test('a model that is loaded again after a lost device gets its adapters again', async () => {
  let lose = () => undefined as unknown;
  const lost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  const here = page({ loaded: (real) => ({ ...real, lost }) });
  here.open();
  here.adapters(FIRST, [LORA]);
  here.draw(A);
  const before = await drawn(here, A);
  const times = statuses(here.states()).filter((status) => status === 'ready').length;
  lose();
  await here.ready(times + 1);
  here.draw(B);
  expect((await drawn(here, B)).data).toEqual(before.data);
  expect(here.log).toEqual(['load 1 of tiny', 'dispose 1', 'load 2 of tiny']);
});

describe('a model that is loaded again', () => {
  /** Loads a model with adapters and loses its device once. `lose` does that again. */
  async function lost(...replacements: readonly Replacements[]) {
    const losing: (() => void)[] = [];
    const loaded = (real: LoadedModel) => ({
      ...real,
      lost: new Promise<void>((resolve) => losing.push(resolve)),
    });
    const here = page(...replacements.map((each) => ({ loaded, ...each })));
    here.open();
    here.draw(A);
    const plain = await drawn(here, A);
    here.adapters(FIRST, [LORA]);
    here.draw(B);
    const adapted = await drawn(here, B);
    const lose = async () => {
      const times = statuses(here.states()).filter((status) => status === 'ready').length;
      losing.at(-1)?.();
      await here.ready(times + 1);
    };
    await lose();
    return { here, plain, adapted, lose };
  }
  /** A runtime on which adapters fail: the first graph of the transformer does not open. */
  const without = () => {
    let opened = 0;
    return (real: Runtime): Runtime => {
      const { backend, halfPrecision } = real;
      const error = new OmniError({ code: 'device', message: 'It does not fit.', action: 'Wait.' });
      const open: Runtime['open'] = (graph, weights) =>
        opened++ === 0 ? Promise.reject(error) : real.open(graph, weights);
      return { backend, halfPrecision, open, dispose: () => real.dispose() };
    };
  };

  test('has no adapters if they fail, and notes that until it has adapters again', async () => {
    const { here, plain, adapted, lose } = await lost({}, { runtime: without() }, {});
    const note = 'The model was loaded without its adapters. It does not fit. Wait.';
    expect(here.states().at(-1)).toMatchObject({ status: 'ready', note });
    here.draw(C);
    expect((await drawn(here, C)).data).toEqual(plain.data);
    await lose();
    expect(here.states().at(-1)).toMatchObject({ status: 'ready', note: undefined });
    here.draw(D);
    expect((await drawn(here, D)).data).toEqual(adapted.data);
  });

  test('drops the note once it has other adapters', async () => {
    const { here, adapted } = await lost({}, { runtime: without() });
    here.adapters(SECOND, [LORA]);
    here.draw(C);
    expect((await drawn(here, C)).data).toEqual(adapted.data);
    expect(here.states().at(-1)).toMatchObject({ status: 'ready', note: undefined });
  });
});

test('adapters apply to accelerated and plain drawings alike, and are removed from both', async () => {
  const here = page();
  here.open();
  const settings = { ...drawing(4).settings, teaCacheThreshold: 10 };
  let count = 0;
  const draws = async (acceleration: Acceleration) => {
    const job = `drawing ${count++}` as JobId;
    const request = { ...drawing(4), settings: { ...settings, acceleration } };
    here.service.handle({ type: 'draw', job, request });
    return (await drawn(here, job)).data;
  };
  const [fast, plain] = [await draws('teacache'), await draws('none')];
  expect(fast).not.toEqual(plain);
  here.adapters(FIRST, [LORA]);
  const [plainWith, fastWith] = [await draws('none'), await draws('teacache')];
  expect(plainWith).not.toEqual(plain);
  expect(fastWith).not.toEqual(fast);
  here.adapters(SECOND, [LORA]);
  expect([await draws('teacache'), await draws('none')]).toEqual([fastWith, plainWith]);
  here.adapters(THIRD, []);
  expect([await draws('none'), await draws('teacache')]).toEqual([plain, fast]);
});

test('another model starts without adapters, and changes for the model before fail', async () => {
  const here = page();
  here.open();
  here.draw(A);
  const plain = await drawn(here, A);
  here.adapters(FIRST, [LORA]);
  await here.settled(FIRST);
  here.draw(B, 20);
  here.adapters(SECOND, [LORA]);
  here.open('other');
  expect(await here.settled(SECOND)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
  here.draw(C);
  expect((await drawn(here, C)).data).toEqual(plain.data);
});

test('an engine that fails for good while it loads adapters ends the worker', async () => {
  const here = page({
    runtime: ({ backend, halfPrecision, dispose }) => ({
      ...{ backend, halfPrecision, dispose },
      open: () => Promise.reject(new OmniError({ code: 'device', message: 'It is gone.', action: 'Wait.' })),
    }),
    loaded: (real) => ({ ...real, engineFailed: () => true }),
  });
  here.open();
  here.adapters(FIRST, [LORA]);
  await expect.poll(() => here.crashes).toEqual(['It is gone.']);
});
