import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { fixtureFiles, textOf } from '../../src/checkpoints/fixture.node.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { toFloat32 } from '../../src/checkpoints/safetensors.ts';
import { loadTokenizer } from '../../src/omnigen2/language/tokenizer.transformers.ts';
import { TOKENS } from '../../src/omnigen2/language/tokenizer.ts';
import { officialConfigs } from './configs.ts';
import { makeCheckpoint } from './make-checkpoint.ts';

const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
afterAll(() => rm(folder, { recursive: true }));
const signal = new AbortController().signal;

/** The files of the released model with the sizes of the tiny one. */
async function tinyConfigs() {
  const files = await fixtureFiles();
  const sizes = ['transformer/config.json', 'vae/config.json', 'mllm/config.json'].map((path) => [
    path,
    JSON.parse(textOf(files, path)),
  ]);
  return { ...officialConfigs(), ...Object.fromEntries(sizes) };
}

const made = join(folder, 'made');
beforeAll(async () => makeCheckpoint(signal, made, await tinyConfigs()), 60_000);

it('makes the same complete checkpoint each time, over an earlier one', async () => {
  const digest = async () => {
    const bytes = await readFile(join(made, 'transformer/diffusion_pytorch_model.safetensors'));
    return createHash('sha256').update(bytes).digest('hex');
  };
  const first = await digest();
  await makeCheckpoint(signal, made, await tinyConfigs());
  expect(await digest()).toBe(first);
  const checkpoint = await openCheckpoint(nodeFolder(made));
  expect(checkpoint.components.vae.extraTensors).toEqual([]);
});

it('fills matrices so that their products keep the size of the input', async () => {
  const checkpoint = await openCheckpoint(nodeFolder(made));
  const spread = async (name: string) => {
    const tensor = checkpoint.components.transformer.weights.get(name);
    if (!tensor) throw new Error(`no ${name}`);
    const values = toFloat32(await checkpoint.readTensor(tensor), tensor.dtype);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(squares), columns: tensor.shape[1] };
  };
  const matrix = await spread('layers.0.feed_forward.linear_1.weight');
  expect(matrix.mean).toBeCloseTo(0, 2);
  expect(matrix.deviation * Math.sqrt(matrix.columns)).toBeCloseTo(1, 1);
  const gain = await spread('layers.0.ffn_norm1.weight');
  expect(gain.mean).toBeCloseTo(1, 1);
});

it('has a tokenizer with the tokens of all templates, one token for each byte, and a text for each id', async () => {
  const checkpoint = await openCheckpoint(nodeFolder(made));
  const tokenizer = await loadTokenizer((name) => checkpoint.processorFile(name));
  expect(tokenizer.encode('a cat é')).toHaveLength(8);
  expect(tokenizer.decode(tokenizer.encode('a cat é'))).toBe('a cat é');
  // An id that no text is encoded as.
  expect(tokenizer.decode([151642])).toMatch(/^ [a-z]+$/);
  expect(tokenizer.idOf(TOKENS.endOfText)).toBe(151643);
});

it('leaves nothing under its name if it is stopped', async () => {
  const target = join(folder, 'stopped');
  const stop = new AbortController();
  const making = makeCheckpoint(stop.signal, target, await tinyConfigs(), () => stop.abort());
  await expect(making).rejects.toThrow();
  await expect(readFile(join(target, 'model_index.json'))).rejects.toThrow('ENOENT');
});
