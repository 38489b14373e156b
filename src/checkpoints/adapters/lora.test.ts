import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTransformerConfig } from '../../config/parse.ts';
import { expectedTransformer } from '../expected.ts';
import { fixtureFiles, GOLDENS, refusal, textOf, zeros } from '../fixture.node.ts';
import { type TensorBytes, writeSafetensors } from '../safetensors.ts';
import { checkLoraSize, readLora } from './lora.ts';

const FILE = 'adapter.safetensors';
const CONFIG = 'transformer/config.json';
const config = parseTransformerConfig(JSON.parse(textOf(await fixtureFiles(), CONFIG)), CONFIG);
const expected = expectedTransformer(config);
const official = await readFile(join(GOLDENS, 'lora/pytorch_lora_weights.safetensors'));

const floats = (shape: readonly number[], values: readonly number[]): TensorBytes => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const read = (tensors: Record<string, TensorBytes>) =>
  readLora(writeSafetensors(new Map(Object.entries(tensors))), FILE, expected);
const DOWN = zeros('F32', [4, 96]);
const UP = zeros('F32', [96, 4]);
const TARGET = 'layers.0.attn.to_q';

describe('readLora', () => {
  it('reads an adapter that the official trainer wrote', () => {
    const { pairs } = readLora(official, FILE, expected);
    expect(pairs.size).toBe(36);
    expect(pairs.get('context_refiner.1.attn.to_out.0.weight')).toMatchObject({ rank: 4, scale: 1 });
  });

  it.each([
    ['diffusers', `transformer.${TARGET}.lora_A.weight`, `transformer.${TARGET}.lora_B.weight`],
    ['other trainers', `diffusion_model.${TARGET}.lora_A.weight`, `diffusion_model.${TARGET}.lora_B.weight`],
    ['peft', `base_model.model.${TARGET}.lora_A.weight`, `base_model.model.${TARGET}.lora_B.weight`],
    ['peft with its adapter name', `${TARGET}.lora_A.default.weight`, `${TARGET}.lora_B.default.weight`],
    [
      'peft with a custom adapter name',
      `${TARGET}.lora_A.my-style.weight`,
      `${TARGET}.lora_B.my-style.weight`,
    ],
    ['earlier diffusers', `transformer.${TARGET}.lora.down.weight`, `transformer.${TARGET}.lora.up.weight`],
    ['the first diffusers', `transformer.${TARGET}_lora.down.weight`, `transformer.${TARGET}_lora.up.weight`],
    ['kohya', 'lora_unet_layers_0_attn_to_q.lora_down.weight', 'lora_unet_layers_0_attn_to_q.lora_up.weight'],
  ])('reads the names of %s', (_, down, up) => {
    expect([...read({ [down]: DOWN, [up]: UP }).pairs.keys()]).toEqual([`${TARGET}.weight`]);
  });

  it('reads the output layer of the first diffusers', () => {
    const name = 'transformer.layers.0.attn.to_out_lora';
    const { pairs } = read({ [`${name}.down.weight`]: DOWN, [`${name}.up.weight`]: UP });
    expect([...pairs.keys()]).toEqual(['layers.0.attn.to_out.0.weight']);
  });

  it('uses the rank as alpha by default, and the rank of the first pair as the official loader does', () => {
    const other = 'layers.0.attn.to_v';
    const tensors = {
      [`transformer.${TARGET}.lora_A.weight`]: DOWN,
      [`transformer.${TARGET}.lora_B.weight`]: UP,
      [`transformer.${other}.lora_A.weight`]: zeros('F32', [2, 96]),
      [`transformer.${other}.lora_B.weight`]: zeros('F32', [48, 2]),
    };
    const bytes = writeSafetensors(new Map(Object.entries(tensors)));
    const scales = (official: boolean) => {
      const { pairs } = readLora(bytes, FILE, expected, { official });
      return [pairs.get(`${TARGET}.weight`)?.scale, pairs.get(`${other}.weight`)?.scale];
    };
    expect(scales(false)).toEqual([1, 1]);
    expect(scales(true)).toEqual([1, 2]);
  });

  it('divides alpha by the rank', () => {
    const name = 'lora_unet_layers_0_attn_to_q';
    const { pairs } = read({
      [`${name}.lora_down.weight`]: DOWN,
      [`${name}.lora_up.weight`]: UP,
      [`${name}.alpha`]: floats([], [2]),
    });
    expect(pairs.get(`${TARGET}.weight`)?.scale).toBe(0.5);
    const whole: TensorBytes = {
      dtype: 'I64',
      shape: [],
      bytes: new Uint8Array(BigInt64Array.of(8n).buffer),
    };
    const { pairs: doubled } = read({
      [`${name}.lora_down.weight`]: DOWN,
      [`${name}.lora_up.weight`]: UP,
      [`${name}.alpha`]: whole,
    });
    expect(doubled.get(`${TARGET}.weight`)?.scale).toBe(2);
  });

  it.each<[string, Record<string, TensorBytes>, RegExp]>([
    ['a file without tensors', {}, /adapter\.safetensors holds no tensors/],
    [
      'weights of a model',
      { 'layers.0.attn.to_q.weight': zeros('F32', [96, 96]) },
      /to_q\.weight is not part of a LoRA adapter/,
    ],
    [
      'a pair without lora_B',
      { [`${TARGET}.lora_A.weight`]: DOWN },
      /layers\.0\.attn\.to_q has lora_A but no lora_B/,
    ],
    ['a pair without lora_A', { [`${TARGET}.lora_B.weight`]: UP }, /has lora_B but no lora_A/],
    ['an alpha alone', { [`${TARGET}.alpha`]: floats([], [1]) }, /has an alpha but no matrices/],
    [
      'a layer of a deeper model',
      { 'transformer.layers.30.attn.to_q.lora_A.weight': DOWN },
      /changes a layer that this transformer does not have/,
    ],
    [
      'a layer of another model',
      { 'lora_unet_double_blocks_0_img_attn.lora_down.weight': DOWN },
      /changes a layer that this transformer does not have/,
    ],
    [
      'another width',
      {
        [`${TARGET}.lora_A.weight`]: zeros('F32', [4, 2520]),
        [`${TARGET}.lora_B.weight`]: zeros('F32', [2520, 4]),
      },
      /lora_A \[4, 2520\] and lora_B \[2520, 4\], which do not make a matrix \[96, 96\]/,
    ],
    [
      'ranks that differ',
      { [`${TARGET}.lora_A.weight`]: DOWN, [`${TARGET}.lora_B.weight`]: zeros('F32', [96, 8]) },
      /do not make a matrix/,
    ],
    [
      'rank 0',
      {
        [`${TARGET}.lora_A.weight`]: zeros('F32', [0, 96]),
        [`${TARGET}.lora_B.weight`]: zeros('F32', [96, 0]),
      },
      /do not make a matrix/,
    ],
    [
      'four dimensions',
      {
        [`${TARGET}.lora_A.weight`]: zeros('F32', [4, 96, 1, 1]),
        [`${TARGET}.lora_B.weight`]: zeros('F32', [96, 4, 1, 1]),
      },
      /do not make a matrix/,
    ],
    [
      'integers',
      { [`${TARGET}.lora_A.weight`]: zeros('I64', [4, 96]), [`${TARGET}.lora_B.weight`]: UP },
      /to_q is stored as I64, not as floats/,
    ],
    [
      'NaN',
      {
        [`${TARGET}.lora_A.weight`]: floats([1, 96], new Array(96).fill(Number.NaN)),
        [`${TARGET}.lora_B.weight`]: zeros('F32', [96, 1]),
      },
      /holds values that are not numbers/,
    ],
    [
      'the same layer twice',
      { [`${TARGET}.lora_A.weight`]: DOWN, [`transformer.${TARGET}.lora_A.weight`]: DOWN },
      /occurs twice, under two names/,
    ],
    [
      'an empty alpha',
      {
        [`${TARGET}.lora_A.weight`]: DOWN,
        [`${TARGET}.lora_B.weight`]: UP,
        [`${TARGET}.alpha`]: floats([0], []),
      },
      /the alpha of layers\.0\.attn\.to_q is not a number/,
    ],
    [
      'an alpha of NaN',
      {
        [`${TARGET}.lora_A.weight`]: DOWN,
        [`${TARGET}.lora_B.weight`]: UP,
        [`${TARGET}.alpha`]: floats([], [Number.NaN]),
      },
      /the alpha of layers\.0\.attn\.to_q is not a number/,
    ],
    ['DoRA', { [`${TARGET}.dora_scale`]: zeros('F32', [96, 1]) }, /belongs to a DoRA adapter/],
    [
      'DoRA in the names of peft',
      { [`${TARGET}.lora_magnitude_vector`]: zeros('F32', [96]) },
      /belongs to a DoRA adapter/,
    ],
    [
      'biases',
      { [`${TARGET}.lora_B.bias`]: zeros('F32', [96]) },
      /lora_B\.bias belongs to a LoRA adapter with biases/,
    ],
    ['LoKr', { 'lora_unet_x.lokr_w1': zeros('F32', [4, 4]) }, /belongs to a LoKr adapter/],
    ['LoHa', { 'lora_unet_x.hada_w1_a': zeros('F32', [4, 4]) }, /belongs to a LoHa adapter/],
    [
      'full weight differences',
      { 'diffusion_model.layers.0.attn.to_q.diff': DOWN },
      /an adapter of full weight differences/,
    ],
  ])('rejects %s', async (_, tensors, pattern) => {
    expect((await refusal(() => read(tensors))).message).toMatch(pattern);
  });

  it('rejects a file that is not safetensors', async () => {
    const bytes = new TextEncoder().encode('PK\u0003\u0004 archive of another framework');
    expect((await refusal(() => readLora(bytes, 'adapter.bin', expected))).message).toMatch(
      /^adapter\.bin: /,
    );
  });

  it('rejects a file that is larger than any adapter', async () => {
    expect((await refusal(() => checkLoraSize(7.9e9, FILE))).message).toMatch(
      /has 7\.9 GB; adapters have at most/,
    );
    checkLoraSize(6.5e8, FILE);
  });
});
