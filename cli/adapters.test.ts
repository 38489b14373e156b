import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../src/checkpoints/checkpoint.ts';
import { refusal } from '../src/checkpoints/fixture.node.ts';
import { readTensors, writeSafetensors } from '../src/checkpoints/safetensors.ts';
import { fixtureCheckpoint } from '../src/omnigen2/fixtures.node.ts';
import { openAdapters, readOption } from './adapters.ts';

const OFFICIAL = 'fixtures/goldens/lora/pytorch_lora_weights.safetensors';
const Q = 'layers.0.attn.to_q.weight';
let folder: string;
let checkpoint: Checkpoint;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapters-'));
  checkpoint = await fixtureCheckpoint();
});
afterAll(() => rm(folder, { recursive: true }));

describe('readOption', () => {
  it.each([
    ['a.safetensors', 'a.safetensors', 1],
    ['a.safetensors:0.5', 'a.safetensors', 0.5],
    ['a.safetensors:-1', 'a.safetensors', -1],
    ['dir/a.safetensors:1e-1', 'dir/a.safetensors', 0.1],
    ['C:\\loras\\a.safetensors', 'C:\\loras\\a.safetensors', 1],
    ['C:\\loras\\a.safetensors:0.8', 'C:\\loras\\a.safetensors', 0.8],
    ['C:/loras/a.safetensors', 'C:/loras/a.safetensors', 1],
    ['a:b.safetensors', 'a:b.safetensors', 1],
    ['a:b.safetensors:2', 'a:b.safetensors', 2],
    ['not-there.safetensors:strong', 'not-there.safetensors:strong', 1],
  ])('%s', (option, file, strength) => {
    expect(readOption(option)).toEqual({ file, strength });
  });

  it('keeps the colons in the name of an existing file', async () => {
    const file = join(folder, 'style:0.5');
    await copyFile(OFFICIAL, file);
    expect(readOption(file)).toEqual({ file, strength: 1 });
    expect(readOption(`${file}:2`)).toEqual({ file, strength: 2 });
  });

  it.each(['strong', '', ' ', '1,5', '0.5x'])('refuses the strength "%s"', async (text) => {
    const { code, message } = await refusal(() => readOption(`${OFFICIAL}:${text}`));
    expect(code).toBe('bad_request');
    expect(message).toBe(`--lora ${OFFICIAL}: the strength is "${text}", but must be a number.`);
  });
});

describe('openAdapters', () => {
  const scaleOf = async (...options: string[]) =>
    (await openAdapters(options, checkpoint)).map(({ lora, strength }) => [
      lora.file,
      lora.pairs.get(Q)?.scale,
      strength,
    ]);

  it('reads several adapters', async () => {
    const copy = join(folder, 'copy.safetensors');
    await copyFile(OFFICIAL, copy);
    expect(await scaleOf(OFFICIAL, `${copy}:0.25`)).toEqual([
      ['pytorch_lora_weights.safetensors', 1, 1],
      ['copy.safetensors', 1, 0.25],
    ]);
    expect(await openAdapters([], checkpoint)).toEqual([]);
  });

  it("uses peft's settings for peft's weights only", async () => {
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify({ r: 4, lora_alpha: 8 }));
    for (const name of ['adapter_model.safetensors', 'other.safetensors']) {
      await copyFile(OFFICIAL, join(folder, name));
    }
    expect(
      await scaleOf(join(folder, 'adapter_model.safetensors'), join(folder, 'other.safetensors')),
    ).toEqual([
      ['adapter_model.safetensors', 2, 1],
      ['other.safetensors', 1, 1],
    ]);
  });

  it.each<[string, (path: string) => Promise<unknown>, RegExp]>([
    ['a missing file', async () => undefined, /cannot be read: it does not exist/],
    ['a folder', (path) => mkdir(path), /cannot be read: it is a folder; give the safetensors file in it/],
    ['an empty file', (path) => writeFile(path, ''), /is empty/],
    ['an error page', (path) => writeFile(path, '<html>404</html>'), /begins with the text "<html>/],
    [
      'a truncated file',
      async (path) => {
        await copyFile(OFFICIAL, path);
        await truncate(path, 60_000);
      },
      /cut off/,
    ],
    [
      'half an adapter',
      async (path) => {
        const tensors = readTensors(await readFile(OFFICIAL), path);
        tensors.delete('transformer.layers.0.attn.to_q.lora_B.weight');
        await writeFile(path, writeSafetensors(tensors));
      },
      /layers\.0\.attn\.to_q has lora_A but no lora_B/,
    ],
    [
      'a file larger than any adapter',
      async (path) => {
        await writeFile(path, 'x');
        await truncate(path, 3e9);
      },
      /has 3\.0 GB; adapters have at most 1\.9 GB/,
    ],
  ])('refuses %s', async (name, make, words) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.safetensors`);
    await make(path);
    expect((await refusal(() => openAdapters([path], checkpoint))).message).toMatch(words);
  });

  it('refuses the same file twice, however it is written', async () => {
    const twice = [OFFICIAL, `./fixtures/../${OFFICIAL}:0.5`];
    expect((await refusal(() => openAdapters(twice, checkpoint))).message).toMatch(/is given twice/);
  });
});
