/**
 * Checkpoints for the Models page, made of the built-in model's trained weights: bfloat16 in shards, as the
 * official checkpoint is released (29 MB), and the same converted to 4 bits by Node.
 */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { TRAINED } from '../cli/models.ts';
import { openCheckpoint } from '../src/checkpoints/checkpoint.ts';
import { executeConversion } from '../src/checkpoints/conversion/execute.ts';
import { memoryWriter } from '../src/checkpoints/conversion/memory-writer.ts';
import { planConversion } from '../src/checkpoints/conversion/plan.ts';
import { memoryFolder } from '../src/checkpoints/folder.ts';
import {
  readTensors,
  type TensorBytes,
  toFloat32,
  writeSafetensors,
} from '../src/checkpoints/safetensors.ts';
import { floatToBfloat } from '../src/tensors/half.ts';

/** Files by path. */
export type Files = ReadonlyMap<string, Uint8Array>;

const TRANSFORMER = 'transformer/diffusion_pytorch_model';

/** The trained checkpoint as bfloat16, its transformer in two shards with an index. */
export async function officialFiles(): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(TRAINED, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'README.md') continue;
    const path = join(entry.parentPath, entry.name)
      .slice(TRAINED.length + 1)
      .split(sep)
      .join('/');
    const bytes = await readFile(join(TRAINED, path));
    if (!path.endsWith('.safetensors')) files.set(path, bytes);
    else if (!path.startsWith('transformer/')) files.set(path, writeSafetensors(asBfloat(bytes, path)));
    else for (const [shard, content] of shards(asBfloat(bytes, path))) files.set(shard, content);
  }
  return files;
}

/** The files that a conversion to 4 bits writes. */
export async function convertedFiles(official: Files): Promise<Files> {
  const plan = await planConversion(await openCheckpoint(memoryFolder('official', official)), {
    weights: 'q4',
  });
  const files = new Map<string, Uint8Array>();
  await executeConversion(new AbortController().signal, plan, memoryWriter(files), () => undefined);
  return files;
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, bytes] of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
}

function asBfloat(bytes: Uint8Array, path: string): Map<string, TensorBytes> {
  const tensors = [...readTensors(bytes, path)].map(([name, { shape, dtype, bytes: stored }]) => {
    const { buffer } = floatToBfloat(toFloat32(stored, dtype));
    return [name, { dtype: 'BF16', shape, bytes: new Uint8Array(buffer) }] as const;
  });
  return new Map(tensors);
}

function shards(tensors: ReadonlyMap<string, TensorBytes>): Map<string, Uint8Array> {
  const names = [...tensors.keys()];
  const half = Math.ceil(names.length / 2);
  const parts = [names.slice(0, half), names.slice(half)];
  const files = new Map<string, Uint8Array>();
  const weightMap: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const path = `${TRANSFORMER}-0000${index + 1}-of-00002.safetensors`;
    files.set(path, writeSafetensors(new Map([...tensors].filter(([name]) => part.includes(name)))));
    for (const name of part) weightMap[name] = path.slice('transformer/'.length);
  }
  const index = JSON.stringify({ metadata: {}, weight_map: weightMap });
  return files.set(`${TRANSFORMER}.safetensors.index.json`, new TextEncoder().encode(index));
}
