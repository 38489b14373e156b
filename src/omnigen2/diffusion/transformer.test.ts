import { afterAll, describe, expect, it } from 'vitest';
import { requestOf } from '../../../cli/verify/kinds/dit.ts';
import { VerifySession } from '../../../cli/verify/session.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import { fixtureCase } from '../fixtures.node.ts';
import type { PartResidency } from '../sessions.ts';
import { Transformer, type TransformerOptions } from './transformer.ts';

const FOLDER = 'fixtures/goldens';
const session = new VerifySession(FOLDER, `${FOLDER}/model`, () => nodeRuntime({ threads: 1 }));
const open: Transformer[] = [];

async function transformer(
  options: TransformerOptions = {},
  residency: PartResidency = {},
): Promise<Transformer> {
  const model = await session.model();
  const source = { ...model.source('transformer'), residency };
  const opened = await Transformer.open(model.runtime, source, options);
  open.push(opened);
  return opened;
}

function worst(got: Float32Array, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i])), 0);
}

afterAll(async () => {
  for (const one of open) await one.dispose();
  await session.dispose();
});

describe('predict', () => {
  it.each([
    ['with all branches at once', { packsBranches: true }],
    ['with one session per layer', { packsBranches: false, sessionBytes: 1 }],
    ['with all layers in one session', { packsBranches: false }],
  ] as const)('gives the official velocity %s', async (_, options) => {
    const fresh = await transformer(options);
    for (const id of ['dit_0ref_t1', 'dit_2ref_t0', 'dit_5ref_t1', 'dit_0ref_t1']) {
      const want = await fixtureCase(id);
      const { data, ...shape } = await fresh.predict(await requestOf(want, 0, fresh));
      expect(shape).toEqual({ channels: 16, height: 10, width: 14 });
      expect(worst(data, want.tensors.get('output')?.data ?? [])).toBeLessThan(2e-5);
    }
  });

  it.each([true, false])(
    'gives the official velocity with attention split into parts, branches packed: %s',
    async (packsBranches) => {
      const want = await fixtureCase('dit_2ref_t0');
      for (const attentionWork of [1e5, 1e4, 2e3]) {
        const parted = await transformer({ packsBranches, attentionWork });
        const { data } = await parted.predict(await requestOf(want, 0, parted));
        expect(worst(data, want.tensors.get('output')?.data ?? [])).toBeLessThan(2e-5);
      }
    },
  );

  it('depends on the order of references', async () => {
    const one = await transformer();
    const want = await fixtureCase('dit_ref_order');
    const request = await requestOf(want, 0, one);
    const straight = await one.predict(request);
    const swapped = await one.predict({ ...request, references: request.references.toReversed() });
    expect(worst(swapped.data, want.tensors.get('output_swapped')?.data ?? [])).toBeLessThan(2e-5);
    expect(worst(swapped.data, straight.data)).toBeGreaterThan(1e-3);
  });

  it('refines a reference once for all branches of a step', async () => {
    const refined: string[] = [];
    const one = await transformer({
      trace: (stage, _, reference) => {
        if (stage === 'ref_refiner_0') refined.push(`reference ${reference}`);
      },
    });
    const { context, references, ...noise } = await requestOf(await fixtureCase('dit_2ref_t0'), 0, one);
    const short = await one.context(new Float32Array(3 * one.config.textFeatDim).fill(0.5));
    const branches = [context, short].map((own) => ({ context: own, references }));
    const together = await one.predictStep({ ...noise, branches });
    expect(refined).toEqual(['reference 0', 'reference 1']);
    const fresh = await transformer();
    for (const [i, branch] of branches.entries()) {
      expect(worst(together[i].data, (await fresh.predict({ ...noise, ...branch })).data)).toBeLessThan(1e-5);
    }
    await one.predictStep({ ...noise, timestep: 0.25, branches });
    expect(refined).toHaveLength(4);
  });

  it('rejects a sixth reference and latents that do not divide, with a sentence', async () => {
    const one = await transformer();
    const request = await requestOf(await fixtureCase('dit_2ref_t0'), 0, one);
    const [reference] = request.references;
    await expect(one.predict({ ...request, references: Array(6).fill(reference) })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('6 reference pictures'),
    });
    const odd = { channels: 16, height: 9, width: 14, data: new Float32Array(16 * 9 * 14) };
    await expect(one.predict({ ...request, latents: odd })).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('predictStep', () => {
  it.each([
    ['with all branches at once', { packsBranches: true }],
    ['with all branches at once and one session per layer', { packsBranches: true, sessionBytes: 1 }],
    ['branch by branch with one session per layer', { packsBranches: false, sessionBytes: 1 }],
    ['with attention in parts, all branches at once', { packsBranches: true, attentionWork: 1e4 }],
    [
      'with attention in parts, branch by branch with one session per layer',
      { packsBranches: false, sessionBytes: 1, attentionWork: 1e4 },
    ],
  ] as const)('gives every branch the same as a run of its own, %s', async (_, options) => {
    const one = await transformer(options);
    const request = await requestOf(await fixtureCase('dit_2ref_t0'), 0, one);
    const short = await one.context(new Float32Array(3 * one.config.textFeatDim).fill(0.5));
    const { context, references, ...noisy } = request;
    const branches = [
      { context, references },
      { context: short, references },
      { context: short, references: [] },
    ];
    for (const count of [3, 2, 1]) {
      const together = await one.predictStep({ ...noisy, branches: branches.slice(-count) });
      expect(together).toHaveLength(count);
      for (const [i, branch] of branches.slice(-count).entries()) {
        const alone = await one.predict({ ...noisy, ...branch });
        expect(worst(together[i].data, alone.data)).toBeLessThan(2e-5);
      }
    }
  });
});

it('gives the stages of several branches one branch after another', async () => {
  const stages: [stage: string, values: number][] = [];
  const traced = await transformer({
    trace: (stage, { length }) => stages.push([stage, length]),
  });
  const { context, references, ...noise } = await requestOf(await fixtureCase('dit_2ref_t0'), 0, traced);
  stages.length = 0;
  const branches = [
    { context, references },
    { context, references: [] },
  ];
  await traced.predictStep({ ...noise, branches });
  const joint = stages.flatMap(([stage, length]) => (stage === 'joint_input' ? [length] : []));
  expect(joint).toHaveLength(2);
  expect(joint[0]).toBeGreaterThan(joint[1]);
});

describe('load', () => {
  it.each([
    ['all branches at once', 'all', { packsBranches: true }],
    ['some branches skipped', 'some', { packsBranches: true }],
    ['branch by branch in ranges', 'all', { packsBranches: false, sessionBytes: 1 }],
  ] as const)('opens the graphs of steps with attention in parts once, %s', async (_, runs, options) => {
    const watched = watchedRuntime();
    const model = await session.model();
    const source = { ...model.source('transformer'), residency: {} };
    const one = await Transformer.open(watched.runtime, source, {
      ...options,
      attentionWork: 3e4,
    });
    open.push(one);
    const request = await requestOf(await fixtureCase('dit_2ref_t0'), 0, one);
    const { context, references, ...noisy } = request;
    const small = { channels: 16, height: 2, width: 2, data: new Float32Array(64) };
    const branches = [
      { context, references: [small, ...references] },
      { context, references: [] },
    ];
    const step = { ...noisy, branches };
    await one.load(step);
    const loaded = watched.opened.length;
    const run = async () => {
      if (runs === 'all') return one.predictStep(step);
      const embedded = await one.embed(step);
      for (const computed of [embedded.branches, embedded.branches.slice(1)])
        for (const stream of await one.layers(embedded, computed)) stream.dispose();
      return embedded.dispose();
    };
    await run();
    if (runs === 'all') expect(watched.opened).toHaveLength(loaded);
    await run();
    expect(new Set(watched.opened).size).toBe(watched.opened.length);
    expect(watched.sessions.size).toBe(watched.opened.length);
  });

  it('closes a graph with another number of parts', async () => {
    const watched = watchedRuntime();
    const model = await session.model();
    const one = await Transformer.open(watched.runtime, model.source('transformer'), {
      packsBranches: true,
      attentionWork: 3e4,
    });
    open.push(one);
    const context = await one.context(new Float32Array(3 * one.config.textFeatDim).fill(0.5));
    const square = (side: number) => ({
      latents: { channels: 16, height: side, width: side, data: new Float32Array(16 * side * side) },
      timestep: 0,
      branches: [{ context, references: [] }],
    });
    for (const side of [4, 16, 4]) await one.load(square(side));
    const layers = watched.opened.filter((name) => name === 'transformer.layers.0-3.1');
    expect(layers).toHaveLength(3);
    expect([...watched.sessions].filter(({ name }) => name === 'transformer.layers.0-3.1')).toHaveLength(1);
  });
});

describe('context', () => {
  it('refuses an empty text', async () => {
    const one = await transformer();
    await expect(one.context(new Float32Array(0))).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('ranges of layers', () => {
  it('are open or streamed, and a step opens each streamed one once', async () => {
    const watched = watchedRuntime();
    const source = (await session.model()).source('transformer');
    const residency = { openRanges: () => 1 };
    const options = { packsBranches: false, sessionBytes: 1 };
    const one = await Transformer.open(watched.runtime, { ...source, residency }, options);
    open.push(one);
    const { context, references, ...noisy } = await requestOf(await fixtureCase('dit_2ref_t0'), 0, one);
    const step = {
      ...noisy,
      branches: [
        { context, references },
        { context, references: [] },
      ],
    };
    await one.load(step);
    watched.opened.length = 0;
    const streamedStep = await one.predictStep(step);
    await one.predictStep(step);
    const whole = await (await transformer()).predictStep(step);
    expect(worst(streamedStep[0].data, whole[0].data)).toBeLessThan(2e-5);
    const streamed = ['transformer.layers.1-2.1', 'transformer.layers.2-3.1'];
    expect(watched.opened).toEqual([...streamed, ...streamed]);
    const layers = [...watched.sessions].filter(({ name }) => name.includes('layers'));
    expect(layers.map(({ name }) => name)).toEqual(['transformer.layers.0-1.1']);
  });
});
