import { describe, expect, it } from 'vitest';
import { openCheckpoint } from './checkpoint.ts';
import {
  editJson,
  editTensors,
  type Files,
  fixtureFiles,
  openingError,
  refusal,
  WEIGHTS,
  zeros,
} from './fixture.node.ts';
import { memoryFolder } from './folder.ts';

const pristine = await fixtureFiles();
const open = (files: ReadonlyMap<string, Uint8Array | Blob>) => openCheckpoint(memoryFolder('tiny', files));
const copy = (): Files => new Map(pristine);

const MATRIX = 'layers.0.attn.to_q.weight';
/** Replaces a matrix [96, 96] by codes and scales, which may have a wrong shape or type. */
function quantized(
  files: Files,
  {
    codes = [96, 3, 16],
    scales = [96, 3],
    codesType = 'U8' as 'U8' | 'F16',
    scalesType = 'F16' as 'F32' | 'F16',
    keep = false,
  },
) {
  editTensors(files, WEIGHTS.transformer, (tensors) => {
    if (!keep) tensors.delete(MATRIX);
    tensors.set(`${MATRIX}.q4`, zeros(codesType, codes));
    tensors.set(`${MATRIX}.scales`, zeros(scalesType, scales));
  });
}

describe('opening', () => {
  it('lists unused tensors and ignores them', async () => {
    const files = copy();
    editTensors(files, WEIGHTS.mllm, (tensors) => tensors.set('lm_head.weight', zeros('F32', [640, 64])));
    expect((await open(files)).components.mllm.extraTensors).toEqual(['lm_head.weight']);
  });

  it('requires an output projection if it is not the token embedding', async () => {
    const files = copy();
    editJson(files, 'mllm/config.json', (config) => {
      config.tie_word_embeddings = false;
    });
    expect((await refusal(() => open(files))).message).toMatch(
      /mllm\/: tensor lm_head\.weight is missing; mllm\/config\.json calls for it with shape \[640, 64\] \(vocab_size, hidden_size\)/,
    );
  });

  it('accepts a quantized matrix', async () => {
    const files = copy();
    quantized(files, {});
    expect((await open(files)).components.transformer.extraTensors).toEqual([]);
  });
});

describe('rejecting', () => {
  it.each<[what: string, damage: (files: Files) => void, message: RegExp]>([
    [
      'a missing tensor',
      (f) => editTensors(f, WEIGHTS.transformer, (t) => t.delete('layers.2.ffn_norm1.weight')),
      /transformer\/: tensor layers\.2\.ffn_norm1\.weight is missing; transformer\/config\.json calls for it with shape \[96\] \(hidden_size\)/,
    ],
    [
      'a tensor of another shape',
      (f) =>
        editTensors(f, WEIGHTS.vae, (t) => t.set('decoder.conv_in.weight', zeros('F32', [32, 16, 1, 1]))),
      /decoder\.conv_in\.weight has shape \[32, 16, 1, 1\], but vae\/config\.json calls for \[32, 16, 3, 3\] \(block_out_channels\[3\], latent_channels, kernel 3, kernel 3\)/,
    ],
    [
      'a transposed matrix',
      (f) =>
        editTensors(f, WEIGHTS.transformer, (t) =>
          t.set('layers.0.attn.to_k.weight', zeros('F32', [96, 48])),
        ),
      /has shape \[96, 48\], but transformer\/config\.json calls for \[48, 96\] \(num_kv_heads \* head size, hidden_size\)/,
    ],
    [
      'a tensor of integers',
      (f) => editTensors(f, WEIGHTS.transformer, (t) => t.set('x_embedder.bias', zeros('I64', [96]))),
      /transformer\/diffusion_pytorch_model\.safetensors: x_embedder\.bias is stored as I64; weights must be one of F64, F32, F16, BF16/,
    ],
    [
      'a configuration with fewer layers',
      (f) =>
        editJson(f, 'transformer/config.json', (j) => {
          j.num_layers = 2;
        }),
      /safetensors: layers\.2\.\S+ belongs to a layer that transformer\/config\.json does not call for/,
    ],
    [
      'a language model with fewer layers',
      (f) =>
        editJson(f, 'mllm/config.json', (j) => {
          j.num_hidden_layers = 2;
        }),
      /safetensors: model\.layers\.2\.\S+ belongs to a layer that mllm\/config\.json does not call for/,
    ],
    [
      'a matrix with 4 and with 8 bits',
      (f) =>
        editTensors(f, WEIGHTS.transformer, (t) => {
          t.delete('layers.0.attn.to_q.weight');
          t.set('layers.0.attn.to_q.weight.q4', zeros('U8', [96, 3, 16]));
          t.set('layers.0.attn.to_q.weight.q8', zeros('U8', [96, 3, 32]));
          t.set('layers.0.attn.to_q.weight.scales', zeros('F16', [96, 3]));
        }),
      /layers\.0\.attn\.to_q\.weight is stored twice, with 4 and with 8 bits/,
    ],
    [
      'a configuration with more layers',
      (f) =>
        editJson(f, 'transformer/config.json', (j) => {
          j.num_layers = 4;
        }),
      /tensor layers\.3\.attn\.to_q\.weight is missing/,
    ],
    [
      'a configuration with another width',
      (f) =>
        editJson(f, 'transformer/config.json', (j) => {
          j.hidden_size = 192;
          j.axes_dim_rope = [16, 16, 16];
        }),
      /x_embedder\.weight has shape \[96, 64\], but transformer\/config\.json calls for \[192, 64\] \(hidden_size, patch_size\^2 \* in_channels\)/,
    ],
    [
      'a smaller vocabulary',
      (f) =>
        editJson(f, 'mllm/config.json', (j) => {
          j.vocab_size = 630;
        }),
      /model\.embed_tokens\.weight has shape \[640, 64\], but mllm\/config\.json calls for \[630, 64\]/,
    ],
    [
      'codes without scales',
      (f) => {
        quantized(f, {});
        editTensors(f, WEIGHTS.transformer, (t) => t.delete(`${MATRIX}.scales`));
      },
      /to_q\.weight is quantized, and \S+\.q4 exists, but \S+\.scales is missing/,
    ],
    [
      'scales without codes',
      (f) => {
        quantized(f, {});
        editTensors(f, WEIGHTS.transformer, (t) => t.delete(`${MATRIX}.q4`));
      },
      /exists, but its codes \(\.q4 or \.q8\) are missing/,
    ],
    [
      'codes of another shape',
      (f) => quantized(f, { codes: [96, 4, 16] }),
      /to_q\.weight\.q4 has shape \[96, 4, 16\] \(blocks of 32\), but transformer\/config\.json calls for a matrix \[96, 96\]/,
    ],
    [
      'scales of another shape',
      (f) => quantized(f, { scales: [96, 4] }),
      /to_q\.weight\.scales has shape \[96, 4\]/,
    ],
    [
      'codes of two dimensions',
      (f) => quantized(f, { codes: [96, 48] }),
      /to_q\.weight\.q4 has shape \[96, 48\], which gives no block size/,
    ],
    [
      'codes as floats',
      (f) => quantized(f, { codesType: 'F16' }),
      /to_q\.weight\.q4 is stored as F16 instead of U8/,
    ],
    [
      'scales as float32',
      (f) => quantized(f, { scalesType: 'F32' }),
      /to_q\.weight\.scales is stored as F32 instead of F16/,
    ],
    [
      'a matrix as floats and quantized',
      (f) => quantized(f, { keep: true }),
      /to_q\.weight is stored twice, as F32 and quantized/,
    ],
  ])('%s', async (_, damage, pattern) => {
    const error = await openingError(damage);
    expect(error.message).toMatch(pattern);
    expect(['bad_checkpoint', 'unsupported']).toContain(error.code);
  });
});
