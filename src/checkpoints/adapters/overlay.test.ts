import { describe, expect, it } from 'vitest';
import { lowRankFactors, quantizedMatrix, type StoredTensor } from '../../tensors/stored.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { readWhole } from '../folder.ts';
import { floatRows } from '../rows.ts';
import { type Adapter, addChange, changesOf } from './changes.ts';
import { fixtureStoredAs, randomLora, STORED_FORMS, type StoredForm } from './fixture.node.ts';
import { withAdapters } from './overlay.ts';

const WIDENED = { quantized: 'widened' } as const;
const NATIVE = { quantized: 'native' } as const;
const CHANGED = [
  'layers.0.attn.to_q.weight',
  'layers.2.feed_forward.linear_2.weight',
  'layers.1.norm1.linear.weight',
  'noise_refiner.1.attn.to_k.weight',
  'ref_image_refiner.0.attn.to_out.0.weight',
  'context_refiner.0.attn.to_v.weight',
  'time_caption_embed.caption_embedder.1.weight',
  'norm_out.linear_2.weight',
];
const [MATRIX] = CHANGED;

const opened = new Map<StoredForm, Promise<Checkpoint>>();
function storedAs(form: StoredForm): Promise<Checkpoint> {
  const checkpoint = opened.get(form) ?? fixtureStoredAs(form);
  opened.set(form, checkpoint);
  return checkpoint;
}

/** Whether all bits are equal. Faster than comparing value by value. */
function same(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  const buffer = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return buffer(a).equals(buffer(b));
}

/** A matrix of the transformer as floats, stored or quantized. */
async function matrix(
  { components: { transformer }, folder }: Checkpoint,
  name: string,
): Promise<Float32Array> {
  const source = quantizedMatrix(transformer.weights, name) ?? transformer.weights.get(name);
  const shape = transformer.expected.find((tensor) => tensor.name === name)?.shape;
  if (!source || !shape) throw new Error(`the transformer has no ${name}`);
  const [rows, columns] = shape;
  return (await floatRows(folder, source, { firstRow: 0, rows, columns, totalRows: rows })).slice();
}

/** The expected values of a matrix with adapters. */
async function changed(checkpoint: Checkpoint, name: string, adapters: readonly Adapter[]) {
  const values = await matrix(checkpoint, name);
  addChange(values, changesOf(adapters).get(name) ?? []);
  return values;
}

function transformerTensor({ components }: Checkpoint, name: string): StoredTensor {
  const tensor = components.transformer.weights.get(name);
  if (!tensor) throw new Error(`the transformer has no ${name}`);
  return tensor;
}

describe.each(STORED_FORMS)('a checkpoint stored as %s', (form) => {
  it('returns changed matrices with the full change, and all other tensors at their place', async () => {
    const base = await storedAs(form);
    const adapters = [
      { lora: randomLora(base, CHANGED, { rank: 4 }), strength: 0.5 },
      { lora: randomLora(base, CHANGED.slice(0, 3), { rank: 1, seed: 2 }), strength: -2 },
    ];
    const adapted = withAdapters(base, adapters, WIDENED);
    const { weights } = adapted.components.transformer;
    for (const name of CHANGED) {
      expect(quantizedMatrix(weights, name)).toBeUndefined();
      const got = await matrix(adapted, name);
      expect(same(got, await changed(base, name, adapters))).toBe(true);
      expect(same(got, await matrix(base, name))).toBe(false);
    }
    const before = base.components.transformer.weights;
    const others = before.names.filter((name) => !CHANGED.some((changed) => name.startsWith(changed)));
    expect(others.length).toBeGreaterThan(100);
    for (const name of others) expect(weights.get(name)).toBe(before.get(name));
    expect(new Set(weights.names)).toEqual(new Set([...others, ...CHANGED]));
    expect(adapted.components.vae).toBe(base.components.vae);
  });

  it('is returned itself without adapters and with adapters of strength 0', async () => {
    const base = await storedAs(form);
    const lora = randomLora(base, CHANGED);
    expect(withAdapters(base, [], WIDENED)).toBe(base);
    expect(withAdapters(base, [{ lora, strength: 0 }], NATIVE)).toBe(base);
  });
});

describe.each(['q8', 'q4'] as const)('on an engine that computes with %s matrices', (form) => {
  it('leaves the quantized matrix as it is and adds low-rank factors', async () => {
    const base = await storedAs(form);
    const adapters = [
      { lora: randomLora(base, CHANGED, { rank: 3, scale: 2 }), strength: 0.5 },
      { lora: randomLora(base, [MATRIX], { rank: 2, seed: 2 }), strength: -1 },
    ];
    const adapted = withAdapters(base, adapters, NATIVE);
    const { weights } = adapted.components.transformer;
    const stored = quantizedMatrix(base.components.transformer.weights, MATRIX);
    expect(quantizedMatrix(weights, MATRIX)).toEqual(stored);
    const factors = lowRankFactors(weights, MATRIX);
    if (!factors) throw new Error('no factors');
    expect([factors.down.shape, factors.up.shape]).toEqual([
      [5, 96],
      [96, 5],
    ]);
    const read = async (tensor: StoredTensor) =>
      new Float32Array((await adapted.readTensor(tensor)).slice().buffer);
    const got = await matrix(base, MATRIX);
    const pair = { down: await read(factors.down), up: await read(factors.up), rank: 5, scale: 1 };
    addChange(got, [pair]);
    const want = await changed(base, MATRIX, adapters);
    expect(Math.max(...got.map((value, i) => Math.abs(value - want[i])))).toBeLessThan(1e-6);
    // A matrix that is stored as floats is merged here too.
    expect(lowRankFactors(weights, 'norm_out.linear_2.weight')).toBeUndefined();
    const last = 'norm_out.linear_2.weight';
    expect(same(await matrix(adapted, last), await changed(base, last, adapters))).toBe(true);
  });

  it('merges a change whose factors are larger than the matrix', async () => {
    const base = await storedAs(form);
    const adapters = [{ lora: randomLora(base, [MATRIX], { rank: 200 }), strength: 1 }];
    const adapted = withAdapters(base, adapters, NATIVE);
    expect(lowRankFactors(adapted.components.transformer.weights, MATRIX)).toBeUndefined();
    expect(same(await matrix(adapted, MATRIX), await changed(base, MATRIX, adapters))).toBe(true);
  });
});

it('reads any range of a changed matrix', async () => {
  const base = await storedAs('bf16');
  const adapted = withAdapters(base, [{ lora: randomLora(base, [MATRIX]), strength: 1 }], WIDENED);
  const { file, sizeBytes } = transformerTensor(adapted, MATRIX);
  const whole = await readWhole(adapted.folder, file);
  expect(whole.length).toBe(sizeBytes);
  for (const [offset, length] of [
    [0, 4],
    [380, 8],
    [1000, 5000],
    [sizeBytes - 7, 7],
  ]) {
    const part = await adapted.folder.read(file, offset, length);
    expect(same(part, whole.slice(offset, offset + length))).toBe(true);
  }
});

it('does not write into the bytes of the checkpoint', async () => {
  const base = await storedAs('f32');
  const before = (await base.readTensor(transformerTensor(base, MATRIX))).slice();
  const adapted = withAdapters(base, [{ lora: randomLora(base, [MATRIX]), strength: 1 }], WIDENED);
  await matrix(adapted, MATRIX);
  expect(same(await base.readTensor(transformerTensor(base, MATRIX)), before)).toBe(true);
});
