/** Padded widths give the same velocities as the stored ones, in every storage format. */

import { afterEach, expect, test } from 'vitest';
import { requestOf } from '../../../cli/verify/kinds/dit.ts';
import { fixtureStoredAs, randomLora, type StoredForm } from '../../checkpoints/adapters/fixture.node.ts';
import type { Checkpoint } from '../../checkpoints/checkpoint.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { createPredictor } from '../acceleration/acceleration.ts';
import { fixtureCase } from '../fixtures.node.ts';
import type { Numerics } from '../graphs/numerics.ts';
import { transformerAxes } from '../graphs/padding.ts';
import { loadTokenizer } from '../language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../model.ts';
import { Transformer } from './transformer.ts';

const models: OmniGen2Model[] = [];
const transformers: Transformer[] = [];
afterEach(async () => {
  for (const transformer of transformers.splice(0)) await transformer.dispose();
  for (const model of models.splice(0)) await model.dispose();
});

function modelOf(checkpoint: Checkpoint): OmniGen2Model {
  const model = new OmniGen2Model(checkpoint, nodeRuntime({ threads: 1 }), loadTokenizer);
  models.push(model);
  return model;
}

async function opened(model: OmniGen2Model, numerics: Partial<Numerics>): Promise<Transformer> {
  const source = model.source('transformer');
  const changed = { ...source, numerics: { ...source.numerics, ...numerics } };
  const transformer = await Transformer.open(model.runtime, changed);
  transformers.push(transformer);
  return transformer;
}

/** The velocity of a recorded case with two references. */
async function velocity(transformer: Transformer): Promise<Float32Array> {
  const request = await requestOf(await fixtureCase('dit_2ref_t0'), 0, transformer);
  return (await transformer.predict(request)).data;
}

function worst(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const size = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / size;
}

test('widths are padded to multiples of 128 columns, heads to multiples of 16', () => {
  const released = { hiddenSize: 2520, headDim: 120, numAttentionHeads: 21, numKvHeads: 7 };
  expect(transformerAxes(released, true)).toEqual({
    hidden: { parts: 1, stored: 2520, padded: 2560 },
    modulation: { parts: 4, stored: 2520, padded: 2560 },
    queries: { parts: 21, stored: 120, padded: 128 },
    keys: { parts: 7, stored: 120, padded: 128 },
  });
});

test.each<[StoredForm, Numerics['quantized']]>([
  ['f32', 'native'],
  ['bf16', 'native'],
  ['q8', 'native'],
  ['q4', 'native'],
  ['q4', 'widened'],
])('a transformer stored as %s with %s products', async (form, quantized) => {
  const model = modelOf(await fixtureStoredAs(form));
  const plain = await opened(model, { quantized });
  const padded = await opened(model, { quantized, padded: true });
  expect([plain.streamWidth, padded.streamWidth]).toEqual([96, 128]);
  expect(worst(await velocity(padded), await velocity(plain))).toBeLessThan(1e-5);
});

test('adapters as low-rank products', async () => {
  const checkpoint = await fixtureStoredAs('q8');
  const model = modelOf(checkpoint);
  const names = [
    'layers.0.attn.to_q.weight',
    'layers.1.attn.to_out.0.weight',
    'layers.2.norm1.linear.weight',
  ];
  await model.setAdapters([{ lora: randomLora(checkpoint, names, { size: 0.5 }), strength: 1 }]);
  const plain = await opened(model, { quantized: 'native' });
  const padded = await opened(model, { quantized: 'native', padded: true });
  expect(worst(await velocity(padded), await velocity(plain))).toBeLessThan(1e-5);
});

test.each(['teacache', 'taylorseer'] as const)('the streams of %s', async (acceleration) => {
  const model = modelOf(await fixtureStoredAs('f32'));
  const results: { velocities: Float32Array[]; computed: boolean[] }[] = [];
  for (const padded of [false, true]) {
    const transformer = await opened(model, { padded });
    const { context, references, latents } = await requestOf(
      await fixtureCase('dit_2ref_t0'),
      0,
      transformer,
    );
    const branches = [{ name: 'cond', context, references }] as const;
    const computed: boolean[] = [];
    const predictor = createPredictor(transformer, {
      acceleration,
      teaCacheThreshold: 10,
      onDecision: (decision) => computed.push(decision.computed),
    });
    const velocities: Float32Array[] = [];
    const steps = 8;
    for (let step = 0; step < steps; step++) {
      const timestep = step / steps;
      const [{ data }] = await predictor.predict({ latents, timestep, branches, step, steps });
      velocities.push(data);
    }
    predictor.dispose();
    results.push({ velocities, computed });
  }
  const [plain, padded] = results;
  expect(padded.computed).toEqual(plain.computed);
  expect(padded.computed).toContain(false);
  for (const [i, data] of padded.velocities.entries())
    expect(worst(data, plain.velocities[i])).toBeLessThan(1e-5);
});
