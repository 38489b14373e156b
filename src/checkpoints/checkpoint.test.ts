import { describe, expect, it } from 'vitest';
import { floatToBfloat } from '../tensors/half.ts';
import { openCheckpoint } from './checkpoint.ts';
import {
  bytesOf,
  editJson,
  editTensors,
  type Files,
  fixtureFiles,
  refusal,
  setText,
  shardFiles,
  WEIGHTS,
  zeros,
} from './fixture.node.ts';
import { memoryFolder } from './folder.ts';
import { readTensors, toFloat32, writeSafetensors } from './safetensors.ts';

const pristine = await fixtureFiles();
const open = (files: ReadonlyMap<string, Uint8Array | Blob>) => openCheckpoint(memoryFolder('tiny', files));
const copy = (): Files => new Map(pristine);

describe('opening', () => {
  it('finds every tensor that the configurations call for, and no other', async () => {
    const { components, sizeBytes } = await open(pristine);
    for (const [name, path] of Object.entries(WEIGHTS)) {
      const { weights, expected, extraTensors } = components[name as keyof typeof WEIGHTS];
      expect(extraTensors).toEqual([]);
      expect(new Set(expected.map((tensor) => tensor.name))).toEqual(new Set(weights.names));
      expect(weights.names.length).toBe(readTensors(bytesOf(pristine, path), path).size);
    }
    const files = [...pristine.values()];
    expect(sizeBytes).toBe(files.reduce((sum, { length }) => sum + length, 0));
  });

  it('reads tensors and processor files, from Blobs too', async () => {
    const blobs = new Map([...pristine].map(([path, bytes]) => [path, new Blob([new Uint8Array(bytes)])]));
    const checkpoint = await open(blobs);
    const tensor = checkpoint.components.vae.weights.get('encoder.conv_in.bias');
    expect(tensor).toBeDefined();
    if (!tensor) return;
    const want = readTensors(bytesOf(pristine, WEIGHTS.vae), WEIGHTS.vae).get('encoder.conv_in.bias');
    expect(await checkpoint.readTensor(tensor)).toEqual(Uint8Array.from(want?.bytes ?? []));
    expect(await checkpoint.processorFile('vocab.json')).toEqual(
      Uint8Array.from(bytesOf(pristine, 'processor/vocab.json')),
    );
    expect(await checkpoint.processorFile('nothing.json')).toBeUndefined();
  });

  it.each(Object.entries(WEIGHTS))('accepts %s in shards', async (name, path) => {
    const files = copy();
    shardFiles(files, path, 3);
    const whole = (await open(pristine)).components[name as keyof typeof WEIGHTS];
    const sharded = (await open(files)).components[name as keyof typeof WEIGHTS];
    expect(new Set(sharded.weights.names)).toEqual(new Set(whole.weights.names));
    expect(sharded.files.filter((file) => file.path.endsWith('.safetensors'))).toHaveLength(3);
    expect(sharded.files.filter((file) => file.path.endsWith('.index.json'))).toHaveLength(1);
  });

  it('accepts the file names of a variant, single and in shards', async () => {
    const files = copy();
    files.set('transformer/diffusion_pytorch_model.fp16.safetensors', bytesOf(files, WEIGHTS.transformer));
    files.delete(WEIGHTS.transformer);
    shardFiles(files, WEIGHTS.vae, 2);
    files.set(
      'vae/diffusion_pytorch_model.safetensors.index.fp16.json',
      bytesOf(files, `${WEIGHTS.vae}.index.json`),
    );
    files.delete(`${WEIGHTS.vae}.index.json`);
    expect((await open(files)).components.vae.weights.names).toHaveLength(176);
  });

  it('accepts a pipeline that is named with the file of its code', async () => {
    const files = copy();
    editJson(files, 'model_index.json', (index) => {
      index._class_name = ['pipeline_omnigen2_chat', 'OmniGen2ChatPipeline'];
    });
    expect((await open(files)).name).toBe('tiny');
  });

  it('prefers the plain file where a variant lies beside it', async () => {
    const files = copy();
    setText(files, 'vae/diffusion_pytorch_model.fp16.safetensors', 'never read');
    expect((await open(files)).components.vae.files.map(({ path }) => path)).toContain(WEIGHTS.vae);
  });

  it('accepts bfloat16 weights', async () => {
    const files = copy();
    editTensors(files, WEIGHTS.transformer, (tensors) => {
      for (const [name, { dtype, shape, bytes }] of tensors) {
        const half = floatToBfloat(toFloat32(bytes, dtype));
        tensors.set(name, { dtype: 'BF16', shape, bytes: new Uint8Array(half.buffer) });
      }
    });
    expect((await open(files)).components.transformer.weights.get('x_embedder.weight')?.dtype).toBe('BF16');
  });

  it('knows the tensor names of later transformers versions', async () => {
    const files = copy();
    editTensors(files, WEIGHTS.mllm, (tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        const later = name.startsWith('visual.')
          ? `model.${name}`
          : name.replace(/^model\./, 'model.language_model.');
        tensors.set(later, tensor);
      }
    });
    const { weights } = (await open(files)).components.mllm;
    const { weights: plain } = (await open(pristine)).components.mllm;
    expect(new Set(weights.names)).toEqual(new Set(plain.names));
    expect(weights.get('visual.merger.ln_q.weight')?.name).toBe('visual.merger.ln_q.weight');
  });

  it('lists tensors that nothing calls for and leaves them alone', async () => {
    const files = copy();
    editTensors(files, WEIGHTS.mllm, (tensors) => tensors.set('lm_head.weight', zeros('F32', [640, 64])));
    expect((await open(files)).components.mllm.extraTensors).toEqual(['lm_head.weight']);
  });

  it('calls for an output projection where it is not the token embedding', async () => {
    const files = copy();
    editJson(files, 'mllm/config.json', (config) => {
      config.tie_word_embeddings = false;
    });
    expect((await refusal(() => open(files))).message).toMatch(
      /mllm\/: tensor lm_head\.weight is missing; mllm\/config\.json calls for it with shape \[640, 64\] \(vocab_size, hidden_size\)/,
    );
  });

  it('takes the end tokens from config.json where there is no generation_config.json', async () => {
    const files = copy();
    files.delete('mllm/generation_config.json');
    expect((await open(files)).config.generation).toMatchObject({ eosTokenIds: [602], repetitionPenalty: 1 });
  });

  it('accepts a quantized matrix in place of the float one', async () => {
    const files = copy();
    quantized(files, {});
    expect((await open(files)).components.transformer.extraTensors).toEqual([]);
  });
});

const MATRIX = 'layers.0.attn.to_q.weight';
/** Replaces a matrix [96, 96] by codes and scales, some of them wrong. */
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

const truncate = (files: Files, path: string, bytes: number) =>
  files.set(path, bytesOf(files, path).slice(0, -bytes));

describe('refusing', () => {
  it.each<[what: string, damage: (files: Files) => void, message: RegExp]>([
    [
      'no model_index.json',
      (f) => f.delete('model_index.json'),
      /tiny is not an OmniGen2 checkpoint: model_index\.json is missing/,
    ],
    [
      'a training size that is no number',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j._trained_on = { side: 'large', prompt_tokens: 80 };
        }),
      /model_index\.json has "large" as _trained_on\.side instead of a whole number/,
    ],
    ['an empty folder', (f) => f.clear(), /model_index\.json is missing/],
    [
      'another pipeline',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j._class_name = 'FluxPipeline';
        }),
      /model_index\.json: _class_name is "FluxPipeline"; this program supports OmniGen2Pipeline or OmniGen2ChatPipeline/,
    ],
    [
      'another class',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j.mllm = ['transformers', 'Qwen2VLForConditionalGeneration'];
        }),
      /mllm is of class "Qwen2VLForConditionalGeneration"/,
    ],
    [
      'a part that is not named',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          delete j.vae;
        }),
      /model_index\.json does not name a vae/,
    ],
    [
      'a part named in another way',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j.vae = 'AutoencoderKL';
        }),
      /names the vae as "AutoencoderKL" instead of \[library, class\]/,
    ],
    [
      'a part outside of the folder',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j['../vae'] = ['diffusers', 'AutoencoderKL'];
        }),
      /names the part "\.\.\/vae", which is outside/,
    ],
    [
      'an empty model_index.json',
      (f) => setText(f, 'model_index.json', ''),
      /model_index\.json is not valid JSON: it is empty/,
    ],
    [
      'a web page as model_index.json',
      (f) => setText(f, 'model_index.json', '<html>'),
      /model_index\.json is not valid JSON/,
    ],
    ['no config.json', (f) => f.delete('vae/config.json'), /^vae\/config\.json is missing\.$/],
    [
      'no tokenizer',
      (f) => f.delete('processor/tokenizer.json'),
      /^processor\/tokenizer\.json is missing\.$/,
    ],
    ['no weights', (f) => f.delete(WEIGHTS.vae), /vae\/ has no weights/],
    [
      'weights of another kind',
      (f) => {
        f.delete(WEIGHTS.vae);
        setText(f, 'vae/diffusion_pytorch_model.bin', 'x');
      },
      /vae\/ has its weights in diffusion_pytorch_model\.bin; only safetensors files are read/,
    ],
    [
      'shards without an index',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 2);
        f.delete(`${WEIGHTS.vae}.index.json`);
      },
      /vae\/ holds several weight files and no index/,
    ],
    [
      'a shard that is not there',
      (f) => {
        const [, second] = shardFiles(f, WEIGHTS.vae, 2);
        f.delete(second);
      },
      /index\.json lists vae\/diffusion_pytorch_model-00002-of-00002\.safetensors, but there is no such file/,
    ],
    [
      'a shard that is cut off',
      (f) => {
        const [, second] = shardFiles(f, WEIGHTS.vae, 2);
        truncate(f, second, 5);
      },
      /vae\/diffusion_pytorch_model-00002-of-00002\.safetensors: it is cut off: tensor \S+ ends at byte/,
    ],
    [
      'two shards swapped',
      (f) => {
        const [a, b] = shardFiles(f, WEIGHTS.vae, 2);
        const first = bytesOf(f, a);
        f.set(a, bytesOf(f, b));
        f.set(b, first);
      },
      /lists tensor \S+ in vae\/\S+, but that file has no such tensor/,
    ],
    [
      'an index that climbs out',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        editJson(f, `${WEIGHTS.vae}.index.json`, (j) => {
          j.weight_map = { a: '../transformer/x.safetensors' };
        });
      },
      /vae\/\S+index\.json: tensor a points to "\.\.\/transformer\/x\.safetensors", which is outside of its folder/,
    ],
    [
      'an index with an absolute path',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        editJson(f, `${WEIGHTS.vae}.index.json`, (j) => {
          j.weight_map = { a: '/etc/passwd' };
        });
      },
      /points to "\/etc\/passwd"/,
    ],
    [
      'an index with a drive',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        editJson(f, `${WEIGHTS.vae}.index.json`, (j) => {
          j.weight_map = { a: 'C:\\x.safetensors' };
        });
      },
      /which is outside of its folder or not a plain file name/,
    ],
    [
      'an index of numbers',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        editJson(f, `${WEIGHTS.vae}.index.json`, (j) => {
          j.weight_map = { a: 1 };
        });
      },
      /tensor a lies in 1, which is not a file name/,
    ],
    [
      'an index without a map',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        setText(f, `${WEIGHTS.vae}.index.json`, '{"metadata": {}}');
      },
      /weight_map is nothing and not a list of tensors/,
    ],
    [
      'an index that names a tensor twice',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        setText(f, `${WEIGHTS.vae}.index.json`, '{"weight_map": {"a": "x", "a": "y"}}');
      },
      /names "a" twice/,
    ],
    ['cut-off weights', (f) => truncate(f, WEIGHTS.mllm, 1), /mllm\/model\.safetensors: it is cut off/],
    ['empty weights', (f) => f.set(WEIGHTS.mllm, new Uint8Array(0)), /mllm\/model\.safetensors: it is empty/],
    [
      'text as weights',
      (f) => setText(f, WEIGHTS.mllm, 'Entry not found'),
      /mllm\/model\.safetensors: it is not a safetensors file: it begins with the text "Entry not found"/,
    ],
    [
      'a missing tensor',
      (f) => editTensors(f, WEIGHTS.transformer, (t) => t.delete('layers.2.ffn_norm1.weight')),
      /transformer\/: tensor layers\.2\.ffn_norm1\.weight is missing; transformer\/config\.json calls for it with shape \[96\] \(hidden_size\)/,
    ],
    [
      'a tensor of other shape',
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
      'a tensor of whole numbers',
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
      'vision limits below one cell',
      (f) =>
        editJson(f, 'processor/preprocessor_config.json', (j) => {
          j.min_pixels = 1;
          j.max_pixels = 783;
        }),
      /preprocessor_config\.json: max_pixels is 783, but must be a whole number from 784/,
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
      'parts of different models',
      (f) =>
        editJson(f, 'transformer/config.json', (j) => {
          j.text_feat_dim = 2048;
        }),
      /the parts do not belong together: transformer text_feat_dim is 2048, but mllm hidden_size is 64/,
    ],
    [
      'another patch size in the processor',
      (f) =>
        editJson(f, 'processor/preprocessor_config.json', (j) => {
          j.patch_size = 16;
        }),
      /processor patch_size is 16, but mllm vision patch_size is 14/,
    ],
    [
      'one tensor under two names',
      (f) =>
        editTensors(f, WEIGHTS.mllm, (t) => t.set('model.visual.merger.ln_q.weight', zeros('F32', [32]))),
      /tensor visual\.merger\.ln_q\.weight is there twice, under two names/,
    ],
    [
      'an infinite number in a configuration',
      (f) => setText(f, 'vae/config.json', '{"scaling_factor": Infinity}'),
      /vae\/config\.json is not valid JSON: it contains Infinity/,
    ],
    [
      'a number beyond all numbers',
      (f) => editText(f, 'vae/config.json', /0\.3611/, '1e999'),
      /scaling_factor is Infinity, but must be a number greater than 0/,
    ],
    [
      'a configuration that names a field twice',
      (f) => editText(f, 'vae/config.json', /\{/, '{"act_fn": "silu",'),
      /vae\/config\.json is not valid JSON: it names "act_fn" twice/,
    ],
    [
      'a configuration that is not UTF-8',
      (f) => f.set('vae/config.json', Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d)),
      /vae\/config\.json is not valid JSON: it is not UTF-8 text/,
    ],
    [
      'a configuration nested without end',
      (f) => setText(f, 'vae/config.json', '{"a":'.repeat(50_000)),
      /nested deeper than 64/,
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
      'codes of other shape',
      (f) => quantized(f, { codes: [96, 4, 16] }),
      /to_q\.weight\.q4 has shape \[96, 4, 16\] \(blocks of 32\), but transformer\/config\.json calls for a matrix \[96, 96\]/,
    ],
    [
      'scales of other shape',
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
      'a matrix both ways',
      (f) => quantized(f, { keep: true }),
      /to_q\.weight is stored twice, as F32 and quantized/,
    ],
  ])('%s', async (_, damage, pattern) => {
    const files = copy();
    damage(files);
    const error = await refusal(() => open(files));
    expect(error.message).toMatch(pattern);
    expect(['bad_checkpoint', 'unsupported']).toContain(error.code);
  });

  it('says which folder to choose instead', async () => {
    const parent = new Map([...pristine].map(([path, bytes]) => [`OmniGen2/${path}`, bytes]));
    expect((await refusal(() => open(parent))).action).toBe('Choose the folder OmniGen2 inside it.');
    const part = new Map([['config.json', bytesOf(pristine, 'vae/config.json')]]);
    expect((await refusal(() => open(part))).action).toMatch(/^Choose the folder above/);
  });

  it('never fails in other words, whichever weight file is cut anywhere', async () => {
    for (const path of Object.values(WEIGHTS)) {
      const whole = bytesOf(pristine, path);
      for (const share of [0.00001, 0.001, 0.01, 0.3, 0.9, 0.99999]) {
        const files = copy();
        files.set(path, whole.slice(0, Math.floor(whole.length * share)));
        expect((await refusal(() => open(files))).message).toContain(path);
      }
    }
  });
});

function editText(files: Files, path: string, pattern: RegExp, by: string) {
  setText(files, path, new TextDecoder().decode(bytesOf(files, path)).replace(pattern, by));
}

describe('a file that changes after opening', () => {
  it('is told by name', async () => {
    const files = copy();
    const checkpoint = await open(files);
    const tensor = checkpoint.components.vae.weights.get('decoder.conv_out.bias');
    files.set(WEIGHTS.vae, writeSafetensors(new Map()));
    expect(tensor).toBeDefined();
    const error = await refusal(() => tensor && checkpoint.readTensor(tensor));
    expect(error.message).toMatch(
      /vae\/diffusion_pytorch_model\.safetensors cannot be read: it ends at byte/,
    );
    expect(error.permanent).toBe(false);
  });
});
