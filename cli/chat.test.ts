/** The command `chat` as a process. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GOLDENS } from '../src/checkpoints/fixture.node.ts';

const TINY = `${GOLDENS}/model`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function chat(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = ['--import', 'tsx', 'cli/chat.ts', ...args];
  try {
    const running = promisify(execFile)(process.execPath, command);
    running.child.stdin?.end();
    const { stdout, stderr } = await running;
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

test('each --say is a turn: one whose reply is a picture, and one about that picture', async () => {
  const out = join(folder, 'a.png');
  // At this temperature any token can come first. The seed was found by search.
  const sampling = ['--temperature', '100', '--seed', '331', '--max-tokens', '3'];
  const picture = ['--size', '32x32', '--steps', '2', '--out', out];
  const said = ['--say', 'A dog running in the park', '--say', 'Which colour?'];
  const { code, out: lines } = await chat('--model', TINY, ...sampling, ...picture, ...said, '--json');
  expect(code).toBe(0);
  const turns = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(turns).toMatchObject([
    { said: 'A dog running in the park', reply: '', complete: true, file: out, notes: [] },
    { said: 'Which colour?', complete: false },
  ]);
  expect((await readFile(out)).subarray(1, 4).toString()).toBe('PNG');
}, 60_000);

test('the built-in model draws a picture and answers a question about it', async () => {
  const out = join(folder, 'b.png');
  const said = ['--say', 'a red house in the snow', '--say', 'What is in the picture?'];
  const { out: lines } = await chat('--model', 'storybook', '--steps', '4', '--out', out, '--json', ...said);
  const [first, second] = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ reply: '', file: out });
  expect(second).toMatchObject({ reply: expect.stringMatching(/^\p{L}.*/u), complete: true });
  expect(second.file).toBeUndefined();
}, 60_000);

test('refuses a wrong setting in one sentence', async () => {
  const { code, err } = await chat('--model', TINY, '--say', 'a cat', '--temperature', '200');
  expect(code).toBe(2);
  expect(err).toMatch(/^--temperature is "200", but must be a number from 0 to 100\.\n/);
}, 60_000);

test('refuses an input without text', async () => {
  const { code, err } = await chat('--model', TINY);
  expect(code).toBe(2);
  expect(err).toMatch(/^Nothing was said: .*\nSay something with --say TEXT/);
}, 60_000);

test('a requested size is also that of an edit, with a note if the model was not trained at it', async () => {
  const out = join(folder, 'c.png');
  const edit = ['--image', 'public/samples/blue-cat.png', '--say', 'Make it night.'];
  const { out: line } = await chat(...edit, '--size', '64x48', '--steps', '1', '--out', out, '--json');
  expect(JSON.parse(line)).toMatchObject({
    file: out,
    notes: ['This model was trained at 128 × 128 pixels; other sizes are experimental.'],
  });
  const bytes = await readFile(out);
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([64, 48]);
}, 60_000);
