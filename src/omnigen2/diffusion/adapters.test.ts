/** Adapters on the real graphs of the tiny checkpoint: put on, combined, taken off. */

import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requestOf } from '../../../cli/verify/kinds/dit.ts';
import type { GoldenCase } from '../../../cli/verify/types.ts';
import type { Adapter } from '../../checkpoints/adapters/changes.ts';
import { fixtureStoredAs, randomLora, type StoredForm } from '../../checkpoints/adapters/fixture.node.ts';
import { type Lora, readLora } from '../../checkpoints/adapters/lora.ts';
import type { Checkpoint } from '../../checkpoints/checkpoint.ts';
import { refusal } from '../../checkpoints/fixture.node.ts';
import { OmniError } from '../../errors.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { Runtime } from '../../runtime/types.ts';
import { fixtureCase, settingsFor } from '../fixtures.node.ts';
import { loadTokenizer } from '../language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../model.ts';
import { draw } from '../pipeline.ts';

const ADAPTER = 'fixtures/goldens/lora/pytorch_lora_weights.safetensors';
const NAMES = [
  'layers.1.attn.to_q.weight',
  'layers.0.feed_forward.linear_2.weight',
  'noise_refiner.0.attn.to_out.0.weight',
  'ref_image_refiner.1.feed_forward.linear_1.weight',
  'context_refiner.0.attn.to_v.weight',
];

let base: Checkpoint;
let official: Lora;
let golden: GoldenCase;
const models: OmniGen2Model[] = [];

beforeAll(async () => {
  base = await fixtureStoredAs('f32');
  official = readLora(await readFile(ADAPTER), 'official', base.components.transformer.expected);
  golden = await fixtureCase('lora_dit');
});
afterEach(async () => {
  for (const model of models.splice(0)) await model.dispose();
});

function modelOf(checkpoint: Checkpoint, changes: Partial<Runtime> = {}): OmniGen2Model {
  const { backend, halfPrecision, open, dispose } = nodeRuntime({ threads: 1 });
  const real = nodeRuntime({ threads: 1 });
  const runtime: Runtime = {
    backend,
    halfPrecision,
    open: open.bind(real),
    dispose: dispose.bind(real),
    ...changes,
  };
  const model = new OmniGen2Model(checkpoint, runtime, loadTokenizer);
  models.push(model);
  return model;
}

/** The velocity of the recorded case. */
async function velocity(model: OmniGen2Model, adapters?: readonly Adapter[]): Promise<Float32Array> {
  if (adapters) await model.setAdapters(adapters);
  const transformer = await model.transformer();
  return (await transformer.predict(await requestOf(golden, 0, transformer))).data;
}

function worst(a: Float32Array, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
const recorded = (name: string) => golden.tensors.get(name)?.data ?? [];

it('gives the official velocity at any strength, and two adapters of half the strength equal one', async () => {
  const model = modelOf(base);
  const whole = await velocity(model, [{ lora: official, strength: 1 }]);
  expect(worst(whole, recorded('output_scale_1'))).toBeLessThan(2e-5);
  const half = await velocity(model, [{ lora: official, strength: 0.5 }]);
  expect(worst(half, recorded('output_scale_05'))).toBeLessThan(2e-5);
  const halves = [0.5, 0.5].map((strength) => ({ lora: official, strength }));
  expect(worst(await velocity(model, halves), whole)).toBeLessThan(1e-6);
  const against = [1, -1].map((strength) => ({ lora: official, strength }));
  expect(worst(await velocity(model, against), recorded('output_base'))).toBeLessThan(2e-5);
  expect(worst(whole, recorded('output_base'))).toBeGreaterThan(0.01);
});

it('does not depend on the order of adapters beyond rounding', async () => {
  const model = modelOf(base);
  const [a, b] = [
    { lora: randomLora(base, NAMES, { rank: 1, size: 0.3 }), strength: 0.7 },
    { lora: randomLora(base, NAMES.slice(1), { rank: 130, seed: 2, size: 0.05 }), strength: -1.3 },
  ];
  const ab = await velocity(model, [a, b]);
  expect(worst(await velocity(model, [b, a]), ab)).toBeLessThan(2e-5);
  expect(worst(await velocity(model, [a]), ab)).toBeGreaterThan(1e-3);
});

it('draws exactly the same picture as before once the adapters are removed', async () => {
  const model = modelOf(base);
  const options = {
    ...settingsFor({ width: 48, height: 32 }),
    prompt: 'A dog running in the park',
    references: [],
    steps: 3,
    seed: 5,
    textGuidance: 3,
    imageGuidance: 1,
  };
  const picture = async () => (await draw(model, options)).image.data;
  const before = await picture();
  const parts = [await model.mllm(), await model.vae()];
  await model.setAdapters([{ lora: official, strength: 1 }]);
  expect(await picture()).not.toEqual(before);
  await model.setAdapters([]);
  expect(await picture()).toEqual(before);
  await model.setAdapters([{ lora: official, strength: 0 }]);
  expect(await picture()).toEqual(before);
  // No other part was closed.
  expect([await model.mllm(), await model.vae()]).toEqual(parts);
  const { component } = model.source('transformer');
  expect(component).toBe(base.components.transformer);
});

describe('the previous adapters stay', () => {
  it('when a change is too large', async () => {
    const model = modelOf(base);
    const before = await velocity(model, [{ lora: official, strength: 1 }]);
    const huge = randomLora(base, NAMES, { size: 1e7 });
    await refusal(() => model.setAdapters([{ lora: huge, strength: 1 }]));
    expect(worst(await velocity(model), before)).toBe(0);
  });

  it('when the transformer does not open', async () => {
    let refuses = false;
    const real = nodeRuntime({ threads: 1 });
    const model = modelOf(base, {
      open: (graph, weights) =>
        refuses
          ? Promise.reject(new OmniError({ code: 'device', message: 'It does not fit.', action: 'Wait.' }))
          : real.open(graph, weights),
    });
    const before = await velocity(model, [{ lora: official, strength: 1 }]);
    refuses = true;
    const change = model.setAdapters([{ lora: official, strength: 0.5 }]);
    await expect(change).rejects.toMatchObject({ code: 'device' });
    refuses = false;
    expect(worst(await velocity(model), before)).toBe(0);
  });
});

describe.each<StoredForm>(['q8', 'q4'])('a checkpoint stored as %s', (form) => {
  it('gives the same result with native and with dequantized matrices', async () => {
    const checkpoint = await fixtureStoredAs(form);
    const adapters = [
      { lora: randomLora(checkpoint, NAMES, { rank: 4, size: 0.1 }), strength: 0.8 },
      { lora: randomLora(checkpoint, NAMES.slice(0, 2), { rank: 1, seed: 2, size: 0.1 }), strength: -0.5 },
    ];
    const widened = await velocity(modelOf(checkpoint), adapters);
    const native = modelOf(checkpoint, { backend: 'webgpu' });
    const plain = await velocity(native);
    expect(worst(await velocity(native, adapters), widened)).toBeLessThan(1e-4);
    expect(worst(plain, widened)).toBeGreaterThan(0.01);
    expect(worst(await velocity(native, []), plain)).toBe(0);
  });
});
