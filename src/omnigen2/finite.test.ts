import { afterAll, expect, it } from 'vitest';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { editTensors, type Files, fixtureFiles, WEIGHTS } from '../checkpoints/fixture.node.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { toFloat32 } from '../checkpoints/safetensors.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { checkFinite } from './finite.ts';
import { settingsFor } from './fixtures.node.ts';
import { loadTokenizer } from './language/tokenizer.transformers.ts';
import { OmniGen2Model } from './model.ts';
import { type DrawInput, draw } from './pipeline.ts';

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.dispose());

const OPTIONS: DrawInput = {
  ...settingsFor({ width: 64, height: 64 }),
  prompt: 'a cat',
  references: [],
  steps: 1,
  seed: 0,
  textGuidance: 1,
  imageGuidance: 1,
};

async function drawn(files: Files): Promise<Uint8Array> {
  const model = new OmniGen2Model(await openCheckpoint(memoryFolder('tiny', files)), runtime, loadTokenizer);
  try {
    return (await draw(model, OPTIONS)).image.data;
  } finally {
    await model.dispose();
  }
}

it('returns finite values unchanged', () => {
  const values = Float32Array.of(0, -1e38, 3);
  expect(checkFinite(values, 'vae', 'pixels')).toBe(values);
});

it.each([
  ['mllm', WEIGHTS.mllm, 'model.norm.weight', 'hidden states'],
  ['transformer', WEIGHTS.transformer, 'norm_out.linear_2.bias', 'velocity'],
  ['vae', WEIGHTS.vae, 'decoder.conv_out.bias', 'pixels'],
])('a NaN weight of %s is rejected', async (part, file, name, what) => {
  const files = await fixtureFiles();
  editTensors(files, file, (tensors) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`no ${name}`);
    const bytes = new Uint8Array(tensor.bytes);
    new DataView(bytes.buffer).setFloat32(0, Number.NaN, true);
    tensors.set(name, { ...tensor, bytes });
  });
  await expect(drawn(files)).rejects.toMatchObject({
    code: 'bad_checkpoint',
    message: `${part}/: NaN in the ${what}. The weights are damaged or too large for this device.`,
  });
});

it('draws the same from weights stored as float64', async () => {
  const files = await fixtureFiles();
  const before = await drawn(files);
  for (const file of [WEIGHTS.transformer, WEIGHTS.mllm]) {
    editTensors(files, file, (tensors) => {
      for (const [name, { bytes, dtype, shape }] of tensors) {
        const wide = Float64Array.from(toFloat32(bytes, dtype));
        tensors.set(name, { dtype: 'F64', shape, bytes: new Uint8Array(wide.buffer) });
      }
    });
  }
  expect(await drawn(files)).toEqual(before);
});
