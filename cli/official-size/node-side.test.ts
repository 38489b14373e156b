import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { decodeImage } from '../../src/pictures/decode.node.ts';
import { builtInModel } from '../models.ts';
import { SIDE } from './jobs.ts';
import { measuredProcess } from './measured-process.ts';
import { stepSeconds } from './moments.ts';
import { nodeJob } from './node-side.ts';
import { pictureFile, savedOutcome, saveOutcome } from './outcome.ts';

const dir = await mkdtemp(join(tmpdir(), 'official-size-'));
afterAll(() => rm(dir, { recursive: true }));
const { signal } = new AbortController();

it('draws in a process of its own, with its stages and its memory', async () => {
  const seen: string[] = [];
  const outcome = await nodeJob(signal, dir, await builtInModel(), 'words', ({ name }) => seen.push(name));
  expect(seen[0]).toBe('opening');
  expect(seen.at(-1)).toBe('done');
  expect(stepSeconds(outcome.moments)).toHaveLength(2);
  if (process.platform === 'linux') expect(outcome.peakRssBytes).toBeGreaterThan(100e6);
  const file = pictureFile(dir, 'node', 'words');
  const picture = await decodeImage(await readFile(file), file);
  expect([picture.width, picture.height]).toEqual([SIDE, SIDE]);
  await saveOutcome(dir, 'node', outcome);
  expect(await savedOutcome(dir, 'node', 'words')).toEqual(JSON.parse(JSON.stringify(outcome)));
}, 60_000);

it('says why a process has failed', async () => {
  const failing = measuredProcess(signal, ['cli/official-size/node-job.ts', dir, 'sing'], () => undefined);
  await expect(failing).rejects.toThrow('no job "sing"');
}, 60_000);
