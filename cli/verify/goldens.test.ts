import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GOLDENS } from '../../src/checkpoints/fixture.node.ts';
import { readIndex } from './goldens.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goldens-'));
  await cp(join(GOLDENS, 'index.json'), join(folder, 'index.json'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Changes the first case that has a file, and returns its entry in the index. */
async function changedCase(change: (entry: Record<string, unknown>) => void) {
  const path = join(folder, 'index.json');
  const index = JSON.parse(await readFile(path, 'utf8'));
  const at = index.cases.findIndex(({ file }: { file?: string }) => file !== undefined);
  change(index.cases[at]);
  await writeFile(path, JSON.stringify(index));
  const { cases } = await readIndex(folder);
  expect(cases).toHaveLength(index.cases.length);
  return cases[at];
}

describe('an invalid case is listed, and only its own read fails', () => {
  it('that lists a tensor that is not in its file', async () => {
    await cp(join(GOLDENS, 'cases'), join(folder, 'cases'), { recursive: true });
    const listed = await changedCase((entry) => (entry.outputs as string[]).push('ghost'));
    await expect(listed.read()).rejects.toThrow(
      / lists the tensor ghost, but cases\/\S+ does not have it\.$/,
    );
  });

  it.each<[string, (entry: Record<string, unknown>) => void, RegExp]>([
    [
      'without a tolerance',
      (entry) => Reflect.deleteProperty(entry, 'tolerance'),
      /invalid case \S+: tolerance: expected object, received undefined\.$/,
    ],
    [
      'with a negative tolerance',
      (entry) => Object.assign(entry, { tolerance: { abs: -1, rel: 0 } }),
      /invalid case \S+: tolerance\.abs: /,
    ],
    [
      'without parameters',
      (entry) => Object.assign(entry, { params: null }),
      /invalid case \S+: params: expected record, received null\.$/,
    ],
    ['whose file is missing', () => undefined, /\.safetensors cannot be read: it does not exist\.$/],
    [
      'whose file is outside the folder',
      (entry) => Object.assign(entry, { file: '../secret' }),
      /points to "\.\.\/secret", which is outside of its folder/,
    ],
  ])('%s', async (_, change, words) => {
    const listed = await changedCase(change);
    await expect(listed.read()).rejects.toMatchObject({
      name: 'OmniError',
      message: expect.stringMatching(words),
    });
  });
});

it.each<[string, string, RegExp]>([
  ['cut off', '{"format": 1, "mod', /index\.json is not valid JSON/],
  ['a list', '[]', /index\.json is not an index of goldens: expected object, received array\.$/],
  ['without cases', '{"format": 1, "model": "model", "cases": []}', /goldens: cases: /],
])('refuses an index that is %s', async (_, text, words) => {
  await writeFile(join(folder, 'index.json'), text);
  await expect(readIndex(folder)).rejects.toMatchObject({
    name: 'OmniError',
    message: expect.stringMatching(words),
  });
});
