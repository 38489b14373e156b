/**
 * Draw jobs that go on after their device or their worker has failed. Client, service and graphs are real;
 * the graphs run on the CPU. A test makes a run of a graph fail.
 */

import { expect, test } from 'vitest';
import { OmniError } from '../errors.ts';
import type { JobEvent, JobId } from '../protocol.ts';
import type { Runtime } from '../runtime/types.ts';
import { createWorkerClient, type WorkerPort } from '../worker-client.ts';
import type { LoadedModel } from './load.ts';
import { drawing, MODEL, page, type Replacements } from './page-fixture.node.ts';

const A = 'a' as JobId;
const STEPS = 4;

/** Makes run `number` of the transformer's head fail, which runs once in each step. */
function failingAt(number: number, code: 'device' | 'memory' = 'device'): (real: Runtime) => Runtime {
  return (real) => {
    let runs = 0;
    const { backend, halfPrecision } = real;
    const open: Runtime['open'] = async (graph, weights) => {
      const session = await real.open(graph, weights);
      const check = () => {
        if (!graph.name.startsWith('transformer.head') || ++runs !== number) return;
        throw new OmniError({ code, permanent: false, message: 'The device is gone.', action: 'Wait.' });
      };
      return {
        name: session.name,
        run: async (inputs) => {
          check();
          return session.run(inputs);
        },
        runResident: async (inputs) => {
          check();
          return session.runResident(inputs);
        },
        dispose: () => session.dispose(),
      };
    };
    return { backend, halfPrecision, open, dispose: () => real.dispose() };
  };
}

const brokenEngine: Replacements['loaded'] = (real) => ({ ...real, engineFailed: () => true });

/** A page with a client. Worker n loads its models with the replacements of list n. */
function studio(...workers: readonly (readonly Replacements[])[]) {
  const events: JobEvent[] = [];
  const crashes: { readonly message: string; readonly goingOn: readonly JobId[] }[] = [];
  const logs: string[][] = [];
  let check = () => undefined as unknown;
  /** Resolves when the job has ended `times` times. */
  const ended = (times: number) =>
    new Promise<void>((resolve) => {
      check = () => {
        const ends = events.filter(({ type }) => ['done', 'failed', 'cancelled'].includes(type));
        if (ends.length + crashes.filter(({ goingOn }) => goingOn.length === 0).length >= times) resolve();
      };
      check();
    });
  const spawn = (): WorkerPort => {
    const worker = page(...(workers[logs.length] ?? []));
    logs.push(worker.log);
    let ended = false;
    const port: WorkerPort = {
      postMessage: (message) => ended || worker.service.handle(structuredClone(message)),
      terminate: () => {
        ended = true;
      },
      onmessage: null,
      onmessageerror: null,
      onerror: null,
    };
    const answer = (data: unknown) => ended || port.onmessage?.(new MessageEvent('message', { data }));
    worker.on((message) => queueMicrotask(() => answer(structuredClone(message))));
    worker.onCrash(() => port.onmessageerror?.(new MessageEvent('messageerror')));
    return port;
  };
  const client = createWorkerClient(
    {
      model: () => undefined,
      adapters: () => undefined,
      job: (_, event) => {
        events.push(event);
        check();
      },
      crashed: ({ message }, _, goingOn) => {
        crashes.push({ message, goingOn });
        check();
      },
    },
    spawn,
  );
  client.open(MODEL, 'auto');
  const seen = () => {
    const steps = events.flatMap((event) => (event.type === 'denoising' ? [event.step] : []));
    const pictures = events.flatMap((event) => (event.type === 'picture' ? [event.picture] : []));
    return { steps, pictures, last: events.at(-1), events, crashes, logs };
  };
  const drawn = async () => {
    client.draw(A, drawing(STEPS));
    await ended(1);
    return seen();
  };
  const goneOn = async () => {
    expect(client.goOn(A)).toBe(true);
    await ended(2);
    return seen();
  };
  return { drawn, goneOn };
}

const undisturbed = (await studio().drawn()).pictures;

test('a lost device is told, the model loads again, and the picture is the same', async () => {
  const { steps, pictures, last, events, logs } = await studio([{ runtime: failingAt(3) }]).drawn();
  expect(logs).toEqual([['load 1 of tiny', 'dispose 1', 'load 2 of tiny']]);
  expect(events).toContainEqual({
    type: 'interrupted',
    error: { code: 'device', permanent: false, message: 'The device is gone.', action: 'Wait.' },
  });
  expect(steps).toEqual([0, 1, 2, 2, 3, 4]);
  const notes = ['The drawing was interrupted and went on after step 2. The device is gone.'];
  expect(last).toMatchObject({ type: 'done', result: { notes } });
  expect(pictures).toEqual(undisturbed);
});

test('a device that is lost again and again is no obstacle as long as steps get done', async () => {
  const replacements = [1, 2, 3].map((run) => ({ runtime: failingAt(run) }));
  const { steps, pictures } = await studio(replacements).drawn();
  expect(steps).toEqual([0, 0, 1, 1, 2, 3, 3, 4]);
  expect(pictures).toEqual(undisturbed);
});

test('a device that fails twice at the same step ends the job', async () => {
  const { last, steps } = await studio([{ runtime: failingAt(2) }, { runtime: failingAt(1) }]).drawn();
  expect(steps).toEqual([0, 1, 1]);
  expect(last).toMatchObject({ type: 'failed', error: { code: 'device' } });
});

test('after the end of its engine the drawing goes on in another worker', async () => {
  const first = [{ runtime: failingAt(3), loaded: brokenEngine }];
  const { steps, pictures, last, crashes, logs } = await studio(first).drawn();
  expect(crashes).toMatchObject([{ goingOn: [A] }]);
  expect(logs).toEqual([['load 1 of tiny'], ['load 1 of tiny']]);
  expect(steps).toEqual([0, 1, 2, 2, 3, 4]);
  expect(last).toMatchObject({
    type: 'done',
    result: { notes: [expect.stringMatching(/^The drawing was interrupted/)] },
  });
  expect(pictures).toEqual(undisturbed);
});

test('an engine that ends twice at the same step ends the job', async () => {
  const first = { runtime: failingAt(2), loaded: brokenEngine };
  const second = { runtime: failingAt(1), loaded: brokenEngine };
  const { events, crashes, steps } = await studio([first], [second]).drawn();
  expect(steps).toEqual([0, 1, 1]);
  expect(crashes).toMatchObject([{ goingOn: [A] }, { goingOn: [] }]);
  expect(events.filter(({ type }) => type === 'interrupted')).toHaveLength(1);
});

test('a drawing that lacks memory ends with an offer, and goes on with a smaller plan', async () => {
  const models: LoadedModel['model'][] = [];
  const noted: Replacements['loaded'] = (real) => {
    models.push(real.model);
    return real;
  };
  const first = { runtime: failingAt(3, 'memory'), loaded: brokenEngine };
  const page = studio([first], [{ loaded: noted }], [{ loaded: noted }]);
  const { last, crashes } = await page.drawn();
  expect(last).toMatchObject({
    type: 'failed',
    error: { code: 'memory' },
    smallerPlan: { how: 'the language model is closed while the transformer is open' },
  });
  expect(crashes).toEqual([]);
  const { steps, pictures, last: end } = await page.goneOn();
  expect(steps).toEqual([0, 1, 2, 2, 3, 4]);
  expect(pictures).toEqual(undisturbed);
  expect(models.map(({ plan }) => plan.name)).toEqual(['together', 'in turn']);
  const notes = [
    'The drawing was interrupted and went on after step 2. Memory was missing, so it went on with less.',
  ];
  expect(end).toMatchObject({ type: 'done', result: { notes } });
});
