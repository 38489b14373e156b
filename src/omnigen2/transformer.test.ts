import { afterAll, describe, expect, it } from 'vitest';
import { requestOf } from '../../cli/verify/kinds/dit.ts';
import { VerifySession } from '../../cli/verify/session.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { fixtureCase } from './fixtures.node.ts';
import { Transformer, type TransformerOptions } from './transformer.ts';
import { layerRanges, runsFused } from './transformer-ranges.ts';

const FOLDER = 'fixtures/goldens';
const session = new VerifySession(FOLDER, `${FOLDER}/model`, () => nodeRuntime({ threads: 1 }));
const open: Transformer[] = [];

async function transformer(options: TransformerOptions = {}): Promise<Transformer> {
  const model = await session.model();
  const opened = await Transformer.open(model.runtime, model.source('transformer'), model.numerics, options);
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
    ['in one graph', { cut: 'fused' }],
    ['with a session a layer', { cut: 'split', sessionBytes: 1 }],
    ['with all layers in one session', { cut: 'split' }],
  ] as const)('gives the official velocity %s', async (_, options) => {
    const fresh = await transformer(options);
    for (const id of ['dit_0ref_t1', 'dit_2ref_t0', 'dit_5ref_t1', 'dit_0ref_t1']) {
      const want = await fixtureCase(id);
      const { data, ...shape } = await fresh.predict(await requestOf(want, 0, fresh));
      expect(shape).toEqual({ channels: 16, height: 10, width: 14 });
      expect(worst(data, want.tensors.get('output')?.data ?? [])).toBeLessThan(2e-5);
    }
  });

  it('gives the same where the rows of a stream look at all others in parts', async () => {
    const model = await session.model();
    const numerics = { ...model.numerics, attentionParts: 3 };
    const source = model.source('transformer');
    const want = await fixtureCase('dit_2ref_t0');
    for (const cut of ['fused', 'split'] as const) {
      const parted = await Transformer.open(model.runtime, source, numerics, { cut });
      open.push(parted);
      const { data } = await parted.predict(await requestOf(want, 0, parted));
      expect(worst(data, want.tensors.get('output')?.data ?? [])).toBeLessThan(2e-5);
    }
  });

  it('depends on which reference is which', async () => {
    const one = await transformer();
    const want = await fixtureCase('dit_ref_order');
    const request = await requestOf(want, 0, one);
    const straight = await one.predict(request);
    const swapped = await one.predict({ ...request, references: request.references.toReversed() });
    expect(worst(swapped.data, want.tensors.get('output_swapped')?.data ?? [])).toBeLessThan(2e-5);
    expect(worst(swapped.data, straight.data)).toBeGreaterThan(1e-3);
  });

  it('refines a reference once for both branches of a step, with the same result', async () => {
    const refined: string[] = [];
    const one = await transformer({
      trace: (stage, _, reference) => {
        if (stage === 'ref_refiner_0') refined.push(`reference ${reference}`);
      },
    });
    const request = await requestOf(await fixtureCase('dit_2ref_t0'), 0, one);
    const short = await one.context(new Float32Array(3 * one.config.textFeatDim).fill(0.5));
    await one.predict(request);
    const second = await one.predict({ ...request, context: short });
    expect(refined).toEqual(['reference 0', 'reference 1']);
    const fresh = await transformer();
    expect(worst(second.data, (await fresh.predict({ ...request, context: short })).data)).toBeLessThan(1e-5);
    await one.predict({ ...request, timestep: 0.25 });
    expect(refined).toHaveLength(4);
  });

  it('refuses a sixth reference and latents that do not divide, in words', async () => {
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
    ['in one graph', { cut: 'fused' }],
    ['with a session a layer', { cut: 'split', sessionBytes: 1 }],
  ] as const)('gives every branch what it gives it alone, %s', async (_, options) => {
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

describe('context', () => {
  it('refuses to read no text', async () => {
    const one = await transformer();
    await expect(one.context(new Float32Array(0))).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('layerRanges', () => {
  it('fills as few sessions as possible evenly', async () => {
    const { component } = (await session.model()).source('transformer');
    const numerics = { compute: 'float32', quantized: 'widened' } as const;
    const layerBytes = component.weights.names
      .filter((name) => name.startsWith('layers.0.'))
      .reduce((sum, name) => sum + (component.weights.get(name)?.sizeBytes ?? 0), 0);
    const all = { from: 0, to: 3 };
    expect(layerRanges(component, numerics)).toEqual([all]);
    expect(layerRanges(component, numerics, 3 * layerBytes)).toEqual([all]);
    expect(layerRanges(component, numerics, 3 * layerBytes - 1)).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 3 },
    ]);
    expect(layerRanges(component, { ...numerics, compute: 'float16' }, 2 * layerBytes)).toEqual([all]);
    expect(layerRanges(component, numerics, 1)).toHaveLength(3);
  });
});

describe('runsFused', () => {
  it('is for models whose layers fit 128 MiB in the form that a session holds them in', () => {
    const numerics = { compute: 'float32', quantized: 'widened' } as const;
    const holding = (values: number) => {
      const tensor = { name: 'layers.0.attn.to_q.weight', file: 'a', dtype: 'F16', shape: [values] } as const;
      const stored = { ...tensor, offset: 0, sizeBytes: 2 * values };
      return { weights: { names: [stored.name], get: () => stored } };
    };
    expect(runsFused(holding(2 ** 25), numerics)).toBe(true);
    expect(runsFused(holding(2 ** 25 + 1), numerics)).toBe(false);
    expect(runsFused(holding(2 ** 26), { ...numerics, compute: 'float16' })).toBe(true);
  });
});
