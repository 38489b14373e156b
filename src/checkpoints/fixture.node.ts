/** The tiny checkpoint of `fixtures/` in memory, for tests that damage it. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OmniError } from '../errors.ts';
import { openCheckpoint } from './checkpoint.ts';
import { memoryFolder } from './folder.ts';
import { readTensors, type TensorBytes, writeSafetensors } from './safetensors.ts';

/** The folder of the goldens on disk. */
export const GOLDENS = fileURLToPath(new URL('../../fixtures/goldens', import.meta.url));

/** Weight file of each component. */
export const WEIGHTS = {
  transformer: 'transformer/diffusion_pytorch_model.safetensors',
  vae: 'vae/diffusion_pytorch_model.safetensors',
  mllm: 'mllm/model.safetensors',
} as const;

/** Files by path. Tests may change them. */
export type Files = Map<string, Uint8Array>;

/** A fresh copy of the tiny checkpoint. */
export async function fixtureFiles(): Promise<Files> {
  const root = join(GOLDENS, 'model');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: Files = new Map();
  for (const entry of entries.filter((item) => item.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files.set(
      path
        .slice(root.length + 1)
        .split('\\')
        .join('/'),
      await readFile(path),
    );
  }
  return files;
}

/** Edits a JSON file. */
export function editJson(files: Files, path: string, edit: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(textOf(files, path));
  edit(json);
  setText(files, path, JSON.stringify(json));
}

/** Edits the tensors of a safetensors file. */
export function editTensors(
  files: Files,
  path: string,
  edit: (tensors: Map<string, TensorBytes>) => void,
): void {
  const tensors = readTensors(bytesOf(files, path), path);
  edit(tensors);
  files.set(path, writeSafetensors(tensors));
}

export function setText(files: Files, path: string, text: string): void {
  files.set(path, new TextEncoder().encode(text));
}

export function textOf(files: Files, path: string): string {
  return new TextDecoder().decode(bytesOf(files, path));
}

export function bytesOf(files: Files, path: string): Uint8Array {
  const bytes = files.get(path);
  if (!bytes) throw new Error(`the fixture has no ${path}`);
  return bytes;
}

/** A tensor of zeros. */
export function zeros(dtype: 'F32' | 'F16' | 'BF16' | 'U8' | 'I64', shape: readonly number[]): TensorBytes {
  const size = { F32: 4, F16: 2, BF16: 2, U8: 1, I64: 8 }[dtype];
  return { dtype, shape, bytes: new Uint8Array(shape.reduce((a, b) => a * b, size)) };
}

/** Splits a component's weights into shards with an index, as the official writers do. */
export function shardFiles(files: Files, path: string, count: number): string[] {
  const tensors = [...readTensors(bytesOf(files, path), path)];
  const stem = path.replace('.safetensors', '');
  const number = (n: number) => String(n).padStart(5, '0');
  const weightMap: Record<string, string> = {};
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = `${stem}-${number(i + 1)}-of-${number(count)}.safetensors`;
    const part = tensors.filter((_, at) => at % count === i);
    for (const [tensor] of part) weightMap[tensor] = name.split('/')[1];
    files.set(name, writeSafetensors(new Map(part)));
    names.push(name);
  }
  files.delete(path);
  setText(files, `${path}.index.json`, JSON.stringify({ metadata: {}, weight_map: weightMap }));
  return names;
}

/**
 * The OmniError that `attempt` throws. Fails if it throws nothing or another error, or if message and action
 * are not one sentence each.
 */
export async function refusal(attempt: () => unknown): Promise<OmniError> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    if (!/^[^\n]{10,400}\.$/.test(error.message)) throw new Error(`not one sentence: ${error.message}`);
    if (!/^[A-Z][^\n]{5,200}\.$/.test(error.action)) throw new Error(`no action: ${error.action}`);
    return error;
  }
  throw new Error('no error was thrown');
}

/** The error of opening the tiny checkpoint after `damage` has changed its files. */
export async function openingError(damage: (files: Files) => void): Promise<OmniError> {
  const files = await fixtureFiles();
  damage(files);
  return refusal(() => openCheckpoint(memoryFolder('tiny', files)));
}
