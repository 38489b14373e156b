/**
 * Makes a checkpoint with random bfloat16 weights in the official layout, from its configuration files. Its
 * pictures mean nothing. It shows what a model of that size needs and whether it runs.
 */

import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ComponentName } from '../../src/checkpoints/checkpoint.ts';
import {
  type ExpectedTensor,
  expectedMllm,
  expectedTransformer,
  expectedVae,
} from '../../src/checkpoints/expected.ts';
import { elementCount, layoutSafetensors } from '../../src/checkpoints/safetensors.ts';
import { parseMllmConfig, parseTransformerConfig, parseVaeConfig } from '../../src/config/parse.ts';
import type { ConfigFiles } from './configs.ts';
import { RandomWeights } from './random-weights.ts';

/** Largest file of weights, in bytes. Source: huggingface_hub, serialization, MAX_SHARD_SIZE */
const MAX_SHARD_BYTES = 5e9;
const BYTES_PER_VALUE = 2;

export interface Progress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
}

/**
 * Writes a checkpoint into a folder beside `target`, then renames it. The same configuration gives the same
 * bytes on every machine. Uses about 150 MB of memory for any size.
 * @param target removed first if it exists
 * @throws the error of the file system, or of `signal`
 */
export async function makeCheckpoint(
  signal: AbortSignal,
  target: string,
  configs: ConfigFiles,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<void> {
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  for (const [path, content] of Object.entries(configs)) await writeText(join(partial, path), content);
  const components = tensorsOf(configs);
  const tensors = Object.values(components).flat();
  const totalBytes = tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const weights = new RandomWeights(Math.max(...tensors.map(({ shape }) => elementCount(shape))));
  let writtenBytes = 0;
  const onWritten = (bytes: number) => {
    signal.throwIfAborted();
    writtenBytes += bytes;
    onProgress({ writtenBytes, totalBytes });
  };
  for (const [name, list] of Object.entries(components)) {
    const stem = name === 'mllm' ? 'model' : 'diffusion_pytorch_model';
    await writeComponent(join(partial, name), stem, list, weights, onWritten);
  }
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
}

function tensorsOf(configs: ConfigFiles): Readonly<Record<ComponentName, readonly ExpectedTensor[]>> {
  const [transformer, mllm, vae] = ['transformer', 'mllm', 'vae'].map((name) => `${name}/config.json`);
  return {
    transformer: expectedTransformer(parseTransformerConfig(configs[transformer], transformer)),
    mllm: expectedMllm(parseMllmConfig(configs[mllm], mllm)),
    vae: expectedVae(parseVaeConfig(configs[vae], vae)),
  };
}

async function writeComponent(
  folder: string,
  stem: string,
  tensors: readonly ExpectedTensor[],
  weights: RandomWeights,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const shards = shardsOf(tensors);
  const files = shards.map((_, i) =>
    shards.length === 1
      ? `${stem}.safetensors`
      : `${stem}-${number(i + 1)}-of-${number(shards.length)}.safetensors`,
  );
  for (const [i, shard] of shards.entries()) {
    const handle = await open(join(folder, files[i]), 'w');
    try {
      await writeShard(handle, files[i], shard, weights, onWritten);
    } finally {
      await handle.close();
    }
  }
  if (shards.length === 1) return;
  const weightMap = shards.flatMap((shard, i) => shard.map(({ name }) => [name, files[i]]));
  await writeText(join(folder, `${stem}.safetensors.index.json`), {
    metadata: { total_size: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0) },
    weight_map: Object.fromEntries(weightMap),
  });
}

async function writeShard(
  handle: FileHandle,
  file: string,
  shard: readonly ExpectedTensor[],
  weights: RandomWeights,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const layout = layoutSafetensors([shard.map(({ name, shape }) => ({ name, shape, dtype: 'BF16' }))], file);
  await handle.writeFile(layout.header);
  for (const { name, shape } of layout.tensors) {
    for (const bytes of weights.bytes(name, shape)) {
      await handle.writeFile(bytes);
      onWritten(bytes.length);
    }
  }
}

/** Fills files in the order of the tensors, like the official writer. */
function shardsOf(tensors: readonly ExpectedTensor[]): ExpectedTensor[][] {
  const shards: ExpectedTensor[][] = [[]];
  let shardBytes = 0;
  for (const tensor of tensors) {
    const bytes = sizeOf(tensor.shape);
    if (shardBytes > 0 && shardBytes + bytes > MAX_SHARD_BYTES) {
      shards.push([]);
      shardBytes = 0;
    }
    shards[shards.length - 1].push(tensor);
    shardBytes += bytes;
  }
  return shards;
}

async function writeText(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
}

function sizeOf(shape: readonly number[]): number {
  return elementCount(shape) * BYTES_PER_VALUE;
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}
