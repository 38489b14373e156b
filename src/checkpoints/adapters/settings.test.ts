import { describe, expect, it } from 'vitest';
import { parseTransformerConfig } from '../../config/parse.ts';
import { expectedTransformer } from '../expected.ts';
import { fixtureFiles, refusal, textOf, zeros } from '../fixture.node.ts';
import { type TensorBytes, writeSafetensors } from '../safetensors.ts';
import { readLora } from './lora.ts';

const FILE = 'adapter_model.safetensors';
const CONFIG = 'transformer/config.json';
const expected = expectedTransformer(
  parseTransformerConfig(JSON.parse(textOf(await fixtureFiles(), CONFIG)), CONFIG),
);
const Q = 'layers.0.attn.to_q';
const REFINER = 'noise_refiner.0.attn.to_q';

/** An adapter of rank 4 for two layers, with metadata in its header. */
function adapter(metadata: Record<string, string> = {}, alpha?: number): Uint8Array {
  const tensors = new Map<string, TensorBytes>(
    [Q, REFINER].flatMap((path) => [
      [`${path}.lora_A.weight`, zeros('F32', [4, 96])] as const,
      [`${path}.lora_B.weight`, zeros('F32', [96, 4])] as const,
    ]),
  );
  if (alpha !== undefined) {
    tensors.set(`${Q}.alpha`, {
      dtype: 'F32',
      shape: [],
      bytes: new Uint8Array(Float32Array.of(alpha).buffer),
    });
  }
  return withMetadata(writeSafetensors(tensors), metadata);
}

/** A safetensors file with another `__metadata__`. */
function withMetadata(bytes: Uint8Array, metadata: unknown): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const text = new TextEncoder().encode(JSON.stringify({ ...header, __metadata__: metadata }));
  const out = new Uint8Array(8 + text.length + bytes.length - 8 - length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  out.set(bytes.subarray(8 + length), 8 + text.length);
  return out;
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const scales = (bytes: Uint8Array, config?: Uint8Array) => {
  const { pairs } = readLora(bytes, FILE, expected, { config });
  return [pairs.get(`${Q}.weight`)?.scale, pairs.get(`${REFINER}.weight`)?.scale];
};
const SETTINGS = {
  peft_type: 'LORA',
  r: 4,
  lora_alpha: 8,
  use_rslora: false,
  rank_pattern: {},
  alpha_pattern: {},
};

describe('adapter_config.json', () => {
  it('sets alpha', () => {
    expect(scales(adapter())).toEqual([1, 1]);
    expect(scales(adapter(), json(SETTINGS))).toEqual([2, 2]);
    expect(scales(adapter(), json({ r: 4, lora_alpha: 2 }))).toEqual([0.5, 0.5]);
  });

  it('divides alpha by the square root of the rank for rank-stabilized LoRA', () => {
    expect(scales(adapter(), json({ ...SETTINGS, use_rslora: true }))).toEqual([4, 4]);
  });

  it('sets alpha and rank of modules by patterns that match the end of their path', () => {
    expect(scales(adapter(), json({ ...SETTINGS, alpha_pattern: { to_q: 4, [Q]: 1 } }))).toEqual([1, 1]);
    expect(scales(adapter(), json({ ...SETTINGS, alpha_pattern: { '^layers.*to_q': 1 } }))).toEqual([
      0.25, 2,
    ]);
    expect(scales(adapter(), json({ ...SETTINGS, alpha_pattern: { o_q: 1 } }))).toEqual([2, 2]);
    const ranks = { ...SETTINGS, r: 16, rank_pattern: { 'attn.to_q': 4 } };
    expect(scales(adapter(), json(ranks))).toEqual([2, 2]);
  });

  it('does not override the alpha tensor of a pair', () => {
    expect(scales(adapter({}, 6), json(SETTINGS))).toEqual([1.5, 2]);
  });

  it.each<[string, unknown, RegExp]>([
    ['an array', [], /is \[\] instead of an object with settings/],
    ['no alpha', { r: 4 }, /has nothing as lora_alpha instead of a number/],
    ['rank 0', { ...SETTINGS, r: 0 }, /has 0 as r instead of a whole number/],
    [
      'another rank',
      { ...SETTINGS, r: 8 },
      /has rank 8 for layers\.0\.attn\.to_q, but its matrices have rank 4/,
    ],
    ['a broken pattern', { ...SETTINGS, alpha_pattern: { '(': 1 } }, /the pattern "\(" in alpha_pattern/],
    [
      'a pattern with a text as rank',
      { ...SETTINGS, rank_pattern: { a: '4' } },
      /has "4" as rank_pattern\.a/,
    ],
    ['a text instead of true or false', { ...SETTINGS, use_rslora: 'yes' }, /has "yes" as use_rslora/],
    ['another method', { ...SETTINGS, peft_type: 'IA3' }, /an adapter of the kind "IA3"/],
    ['DoRA', { ...SETTINGS, use_dora: true }, /describes a DoRA adapter/],
  ])('is rejected with %s', async (_, config, pattern) => {
    const { message } = await refusal(() => readLora(adapter(), FILE, expected, { config: json(config) }));
    expect(message).toMatch(/^adapter_config\.json of adapter_model\.safetensors /);
    expect(message).toMatch(pattern);
  });
});

describe('settings in the header', () => {
  const inHeader = (settings: unknown) =>
    adapter({ format: 'pt', lora_adapter_metadata: JSON.stringify(settings) });

  it('are read with the prefix of a pipeline and without', () => {
    expect(scales(inHeader({ 'transformer.r': 4, 'transformer.lora_alpha': 12 }))).toEqual([3, 3]);
    expect(scales(inHeader(SETTINGS))).toEqual([2, 2]);
  });

  it('of other components are ignored', () => {
    expect(scales(inHeader({ 'text_encoder.r': 8, 'text_encoder.lora_alpha': 4 }))).toEqual([1, 1]);
  });

  it('are rejected if they are not valid', async () => {
    const broken = adapter({ lora_adapter_metadata: '{' });
    expect((await refusal(() => readLora(broken, FILE, expected))).message).toMatch(
      /^lora_adapter_metadata in the header of adapter_model\.safetensors is not valid JSON/,
    );
    const numbers = withMetadata(adapter(), { lora_adapter_metadata: 4 });
    expect((await refusal(() => readLora(numbers, FILE, expected))).message).toMatch(
      /has 4 as __metadata__\.lora_adapter_metadata, which is not a text/,
    );
  });
});
