/** The command `generate` as a process. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GOLDENS } from '../src/checkpoints/fixture.node.ts';

const TINY = `${GOLDENS}/model`;
const CAT = 'public/samples/blue-cat.png';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'generate-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function generate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = ['--import', 'tsx', 'cli/generate.ts', '--out', join(folder, 'a.png'), ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** Reads the size of the written picture from the first chunk of its PNG. */
async function drawnSize(): Promise<string> {
  const bytes = await readFile(join(folder, 'a.png'));
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

describe('the size of an edit', { timeout: 60_000 }, () => {
  const edit = ['--model', TINY, '--prompt', 'Make it night.', '--image', CAT, '--steps', '1'];

  test('is that of its reference', async () => {
    await generate(...edit);
    expect(await drawnSize()).toBe('128x128');
  });

  test('is the requested one', async () => {
    const { out } = await generate(...edit, '--size', '96x64');
    expect(await drawnSize()).toBe('96x64');
    expect(out).not.toContain('The picture is');
  });

  test('is that of its reference with --official, with a note', async () => {
    const { out } = await generate(...edit, '--size', '96x64', '--official');
    expect(await drawnSize()).toBe('128x128');
    expect(out).toContain('The picture is 128 × 128, not 96 × 64: the official program draws an edit');
  });
});

test('notes name options without effect and a size that the model was not trained at', async () => {
  const idle = ['--teacache-threshold', '0.1', '--posterior', 'mean'];
  const { out } = await generate('--prompt', 'a cat', '--size', '64x64', '--steps', '1', '--json', ...idle);
  const { notes, acceleration } = JSON.parse(out);
  expect(notes).toEqual([
    '--teacache-threshold does nothing without --acceleration teacache.',
    '--posterior does nothing without --image.',
    'This model was trained at 128 × 128 pixels; other sizes are experimental.',
  ]);
  expect(acceleration).toBeUndefined();
}, 60_000);

test('the times of a round are whole milliseconds', async () => {
  const drawing = ['--model', TINY, '--prompt', 'a cat', '--size', '32x32', '--steps', '1'];
  const { out } = await generate(...drawing, '--reflect', '2', '--json');
  const [{ drawMs, critiqueMs }] = JSON.parse(out).rounds;
  expect([drawMs, critiqueMs].map(Number.isInteger)).toEqual([true, true]);
}, 60_000);

test('the last line names a folder that was created for the picture', async () => {
  const drawing = ['--model', TINY, '--prompt', 'a cat', '--size', '32x32', '--steps', '1'];
  const out = join(folder, 'new', 'deep', 'b.png');
  const created = ` s. Created the folder ${join(folder, 'new')}.\n`;
  expect((await generate(...drawing, '--out', out)).out).toContain(created);
  expect((await generate(...drawing, '--out', out)).out).not.toContain('Created');
}, 60_000);

test('an acceleration reports how much was computed', async () => {
  const drawing = [
    '--model',
    TINY,
    '--prompt',
    'a cat',
    '--size',
    '32x32',
    '--steps',
    '4',
    '--guidance-range',
    '0,1',
  ];
  const { out } = await generate(
    ...[...drawing, '--acceleration', 'teacache', '--teacache-threshold', '10', '--json'],
  );
  // The first and the last step of both branches.
  expect(JSON.parse(out)).toMatchObject({
    notes: [],
    acceleration: { name: 'teacache', predictions: 8, computed: 4 },
  });
  const { out: text } = await generate(...drawing, '--acceleration', 'taylorseer');
  expect(text).toContain('TaylorSeer computed 8 of 8 predictions.\n');
}, 60_000);

test.each([
  ['--seed', '-1', '--seed is "-1", but must be a whole number from 0 to 4,294,967,295.'],
  ['--teacache-threshold', '-1', '--teacache-threshold is "-1", but must be a number from 0 to 10.'],
])(
  'refuses %s %s in one sentence',
  async (option, value, words) => {
    const { code, err } = await generate('--model', TINY, '--prompt', 'a cat', option, value);
    expect(code).toBe(2);
    expect(err.split('\n')[0]).toBe(words);
  },
  60_000,
);
