import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from './checkpoint.ts';
import { fixtureFiles, refusal } from './fixture.node.ts';
import { nodeFolder } from './folder.node.ts';
import { insidePath, memoryFolder, readWhole } from './folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('nodeFolder', () => {
  it('lists subfolders with sizes, without hidden files', async () => {
    await mkdir(join(folder, 'vae/.cache'), { recursive: true });
    await writeFile(join(folder, 'model_index.json'), '{}');
    await writeFile(join(folder, 'vae/a.bin'), '12345');
    await writeFile(join(folder, 'vae/.cache/b.bin'), '12345');
    await writeFile(join(folder, '.gitattributes'), 'x');
    expect(await nodeFolder(folder).list()).toEqual([
      { path: 'model_index.json', sizeBytes: 2 },
      { path: 'vae/a.bin', sizeBytes: 5 },
    ]);
  });

  it('reads ranges and whole files', async () => {
    await writeFile(join(folder, 'a.bin'), '0123456789');
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    expect(text(await nodeFolder(folder).read('a.bin', 3, 4))).toBe('3456');
    expect(text(await nodeFolder(folder).read('a.bin', 10, 0))).toBe('');
    expect(text(await readWhole(nodeFolder(folder), 'a.bin'))).toBe('0123456789');
  });

  it('follows the links of download caches', async () => {
    const blobs = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshot');
    await mkdir(blobs);
    let count = 0;
    for (const [path, bytes] of await fixtureFiles()) {
      const blob = join(blobs, String(count++));
      await writeFile(blob, bytes);
      await mkdir(join(snapshot, path, '..'), { recursive: true });
      await symlink(blob, join(snapshot, path));
    }
    expect((await openCheckpoint(nodeFolder(snapshot))).name).toBe('snapshot');
  });

  it('lists a folder with a cycle of links', async () => {
    await symlink(folder, join(folder, 'self'));
    await writeFile(join(folder, 'a.bin'), '1');
    const paths = (await nodeFolder(folder).list()).map(({ path }) => path);
    expect(paths).toContain('a.bin');
    expect(paths.length).toBeLessThan(10);
  });

  it.each(['../secret', '/etc/passwd', 'a/../../b', '', 'a//b', './a', 'a\\b', 'C:x'])(
    'rejects the path %j',
    async (path) => {
      expect((await refusal(() => nodeFolder(folder).read(path, 0, 1))).message).toMatch(
        /outside of its folder/,
      );
    },
  );

  it('reports missing folders, files and bytes', async () => {
    await writeFile(join(folder, 'a.bin'), '123');
    const missing = join(folder, 'nothing');
    expect((await refusal(() => nodeFolder(missing).list())).message).toBe(`There is no folder ${missing}.`);
    expect((await refusal(() => nodeFolder(join(folder, 'a.bin')).list())).message).toMatch(
      /is a file, not a folder/,
    );
    const { read, file } = nodeFolder(folder);
    expect((await refusal(() => read('b.bin', 0, 1))).message).toBe(
      'b.bin cannot be read: it does not exist.',
    );
    expect((await refusal(() => file('b.bin'))).message).toBe('b.bin cannot be read: it does not exist.');
    expect((await refusal(() => read('a.bin', 1, 5))).message).toMatch(/it ends at byte 3, before byte 6/);
  });
});

describe('memoryFolder', () => {
  it('reads the same from bytes and Blobs', async () => {
    const bytes = new TextEncoder().encode('0123456789');
    const both = memoryFolder(
      'both',
      new Map<string, Uint8Array | Blob>([
        ['a', bytes],
        ['b', new Blob([bytes])],
      ]),
    );
    expect(await both.list()).toEqual([
      { path: 'a', sizeBytes: 10 },
      { path: 'b', sizeBytes: 10 },
    ]);
    expect([...(await both.read('a', 2, 3))]).toEqual([...(await both.read('b', 2, 3))]);
    for (const path of ['a', 'b']) {
      expect((await refusal(() => both.read(path, 8, 3))).code).toBe('unreachable');
    }
    expect((await refusal(() => both.file('c'))).message).toBe('c cannot be read: it does not exist.');
  });
});

it('insidePath joins plain paths', () => {
  expect(insidePath('vae', 'x.safetensors', 'index')).toBe('vae/x.safetensors');
  expect(insidePath('', 'vae/x', 'index')).toBe('vae/x');
});
