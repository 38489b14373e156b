import { describe, expect, it } from 'vitest';
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
  shardFiles,
  WEIGHTS,
  zeros,
} from './fixture.node.ts';
import { memoryFolder } from './folder.ts';

const pristine = await fixtureFiles();
const open = (files: ReadonlyMap<string, Uint8Array | Blob>) => openCheckpoint(memoryFolder('tiny', files));
const copy = (): Files => new Map(pristine);

const truncate = (files: Files, path: string, bytes: number) =>
  files.set(path, bytesOf(files, path).slice(0, -bytes));

describe('opening', () => {
  it.each(Object.entries(WEIGHTS))('accepts %s in shards', async (name, path) => {
    const files = copy();
    shardFiles(files, path, 3);
    const whole = (await open(pristine)).components[name as keyof typeof WEIGHTS];
    const sharded = (await open(files)).components[name as keyof typeof WEIGHTS];
    expect(new Set(sharded.weights.names)).toEqual(new Set(whole.weights.names));
    expect(sharded.files.filter((file) => file.path.endsWith('.safetensors'))).toHaveLength(3);
    expect(sharded.files.filter((file) => file.path.endsWith('.index.json'))).toHaveLength(1);
  });

  it('accepts the file names of a variant, as one file and in shards', async () => {
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

  it('prefers the plain file over a variant', async () => {
    const files = copy();
    setText(files, 'vae/diffusion_pytorch_model.fp16.safetensors', 'not read');
    expect((await open(files)).components.vae.files.map(({ path }) => path)).toContain(WEIGHTS.vae);
  });

  it('reads the tensor names of later transformers versions', async () => {
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
});

describe('rejecting', () => {
  it.each<[what: string, damage: (files: Files) => void, message: RegExp]>([
    ['no weights', (f) => f.delete(WEIGHTS.vae), /vae\/ has no weights/],
    [
      'weights in another format',
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
      'a missing shard',
      (f) => {
        const [, second] = shardFiles(f, WEIGHTS.vae, 2);
        f.delete(second);
      },
      /index\.json lists vae\/diffusion_pytorch_model-00002-of-00002\.safetensors, but there is no such file/,
    ],
    [
      'a truncated shard',
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
      'an index with a path outside of the folder',
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
      'an index with a drive letter',
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
      /tensor a is in 1, which is not a file name/,
    ],
    [
      'an index without a map',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        setText(f, `${WEIGHTS.vae}.index.json`, '{"metadata": {}}');
      },
      /weight_map is nothing instead of an object with tensors/,
    ],
    [
      'an index that names a tensor twice',
      (f) => {
        shardFiles(f, WEIGHTS.vae, 1);
        setText(f, `${WEIGHTS.vae}.index.json`, '{"weight_map": {"a": "x", "a": "y"}}');
      },
      /names "a" twice/,
    ],
    ['truncated weights', (f) => truncate(f, WEIGHTS.mllm, 1), /mllm\/model\.safetensors: it is cut off/],
    ['empty weights', (f) => f.set(WEIGHTS.mllm, new Uint8Array(0)), /mllm\/model\.safetensors: it is empty/],
    [
      'text as weights',
      (f) => setText(f, WEIGHTS.mllm, 'Entry not found'),
      /mllm\/model\.safetensors: it is not a safetensors file: it begins with the text "Entry not found"/,
    ],
    [
      'one tensor under two names',
      (f) =>
        editTensors(f, WEIGHTS.mllm, (t) => t.set('model.visual.merger.ln_q.weight', zeros('F32', [32]))),
      /tensor visual\.merger\.ln_q\.weight occurs twice, under two names/,
    ],
  ])('%s', async (_, damage, pattern) => {
    const error = await openingError(damage);
    expect(error.message).toMatch(pattern);
    expect(['bad_checkpoint', 'unsupported']).toContain(error.code);
  });

  it('names the file if it is truncated anywhere', async () => {
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
