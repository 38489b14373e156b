import { describe, expect, it } from 'vitest';
import { floatToBfloat } from '../tensors/half.ts';
import { openCheckpoint } from './checkpoint.ts';
import {
  bytesOf,
  editJson,
  editTensors,
  type Files,
  fixtureFiles,
  openingError,
  refusal,
  setText,
  WEIGHTS,
} from './fixture.node.ts';
import { memoryFolder } from './folder.ts';
import { readTensors, toFloat32, writeSafetensors } from './safetensors.ts';

const pristine = await fixtureFiles();
const open = (files: ReadonlyMap<string, Uint8Array | Blob>) => openCheckpoint(memoryFolder('tiny', files));
const copy = (): Files => new Map(pristine);

describe('opening', () => {
  it('finds exactly the tensors that the configurations need', async () => {
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

  it('reads tensors and processor files from Blobs', async () => {
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

  it('accepts a pipeline with the file of its code', async () => {
    const files = copy();
    editJson(files, 'model_index.json', (index) => {
      index._class_name = ['pipeline_omnigen2_chat', 'OmniGen2ChatPipeline'];
    });
    expect((await open(files)).name).toBe('tiny');
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

  it('reads the end tokens from config.json if there is no generation_config.json', async () => {
    const files = copy();
    files.delete('mllm/generation_config.json');
    expect((await open(files)).config.generation).toMatchObject({ eosTokenIds: [602], repetitionPenalty: 1 });
  });
});

describe('rejecting', () => {
  it.each<[what: string, damage: (files: Files) => void, message: RegExp]>([
    [
      'no model_index.json',
      (f) => f.delete('model_index.json'),
      /tiny is not an OmniGen2 checkpoint: model_index\.json is missing/,
    ],
    [
      'a training size that is not a number',
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
      'no entry for the VAE',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          delete j.vae;
        }),
      /model_index\.json does not name a vae/,
    ],
    [
      'an entry that is not [library, class]',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j.vae = 'AutoencoderKL';
        }),
      /names the vae as "AutoencoderKL" instead of \[library, class\]/,
    ],
    [
      'an entry outside of the folder',
      (f) =>
        editJson(f, 'model_index.json', (j) => {
          j['../vae'] = ['diffusers', 'AutoencoderKL'];
        }),
      /names the component "\.\.\/vae", which is outside/,
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
      'components of different models',
      (f) =>
        editJson(f, 'transformer/config.json', (j) => {
          j.text_feat_dim = 2048;
        }),
      /the components do not fit together: transformer text_feat_dim is 2048, but mllm hidden_size is 64/,
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
      'an infinite number in a configuration',
      (f) => setText(f, 'vae/config.json', '{"scaling_factor": Infinity}'),
      /vae\/config\.json is not valid JSON: it contains Infinity/,
    ],
    [
      'a number that overflows',
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
      'a deeply nested configuration',
      (f) => setText(f, 'vae/config.json', '{"a":'.repeat(50_000)),
      /nested deeper than 64/,
    ],
  ])('%s', async (_, damage, pattern) => {
    const error = await openingError(damage);
    expect(error.message).toMatch(pattern);
    expect(['bad_checkpoint', 'unsupported']).toContain(error.code);
  });

  it('names the folder to choose instead', async () => {
    const parent = new Map([...pristine].map(([path, bytes]) => [`OmniGen2/${path}`, bytes]));
    expect((await refusal(() => open(parent))).action).toBe('Choose the folder OmniGen2 inside it.');
    const part = new Map([['config.json', bytesOf(pristine, 'vae/config.json')]]);
    expect((await refusal(() => open(part))).action).toMatch(/^Choose the folder above/);
  });
});

function editText(files: Files, path: string, pattern: RegExp, by: string) {
  setText(files, path, new TextDecoder().decode(bytesOf(files, path)).replace(pattern, by));
}

describe('a file that changes after opening', () => {
  it('is reported by its name', async () => {
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
