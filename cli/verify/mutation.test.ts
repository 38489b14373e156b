/**
 * The check can fail: after a shuffle of one weight tensor of any part, it fails and the message says where.
 */

import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseSafetensorsHeader } from '../../src/checkpoints/safetensors.ts';

const MUTATIONS = [
  {
    part: 'transformer',
    file: 'transformer/diffusion_pytorch_model.safetensors',
    tensor: 'layers.1.feed_forward.linear_2.weight',
    kinds: 'dit',
  },
  {
    part: 'vae encoder',
    file: 'vae/diffusion_pytorch_model.safetensors',
    tensor: 'encoder.mid_block.resnets.0.conv1.weight',
    kinds: 'vae',
  },
  {
    part: 'vae decoder',
    file: 'vae/diffusion_pytorch_model.safetensors',
    tensor: 'decoder.up_blocks.1.resnets.0.conv2.weight',
    kinds: 'vae',
  },
  {
    part: 'language model',
    file: 'mllm/model.safetensors',
    tensor: 'model.layers.1.self_attn.k_proj.weight',
    kinds: 'mllm',
  },
  {
    part: 'vision tower',
    file: 'mllm/model.safetensors',
    tensor: 'visual.blocks.2.mlp.up_proj.weight',
    kinds: 'mllm',
  },
] as const;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goldens-'));
  await cp('fixtures/goldens', folder, { recursive: true });
});

afterEach(() => rm(folder, { recursive: true }));

test.each(MUTATIONS)('detects a shuffled tensor of the $part', async ({ file, tensor, kinds }) => {
  await shuffle(join(folder, 'model', file), tensor);
  const { status, stdout } = verify(kinds);
  expect(status).toBe(1);
  expect(stdout).toMatch(/FAILED\n {4}\S.* at \[[\d, ]+\] got \S+ want \S+/);
  expect(stdout).toMatch(/\n\d+ passed, [1-9]\d* failed\n$/);
});

test('passes the same cases without a mutation', () => {
  const { status, stdout } = verify('dit,vae,mllm');
  expect(stdout).toMatch(/\n\d+ passed, 0 failed\n$/);
  expect(status).toBe(0);
});

function verify(kinds: string) {
  const args = ['--no-install', 'tsx', 'cli/verify.ts', '--goldens', folder, '--kinds', kinds];
  return spawnSync('npx', args, { encoding: 'utf8' });
}

/** Reverses the order of a tensor's float32 values. */
async function shuffle(path: string, name: string): Promise<void> {
  const bytes = await readFile(path);
  const tensor = parseSafetensorsHeader(bytes, path, bytes.length).find((stored) => stored.name === name);
  if (!tensor) throw new Error(`${path} has no tensor ${name}`);
  const values = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + tensor.offset).slice(0, tensor.sizeBytes),
  );
  bytes.set(new Uint8Array(values.reverse().buffer), tensor.offset);
  await writeFile(path, bytes);
}
