/**
 * Time of a whole picture under Node, and with the official PyTorch code on the same processor if it is
 * installed.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type DrawInput, draw } from '../../src/omnigen2/pipeline.ts';
import { openModel, TRAINED } from '../models.ts';
import { edit, fromWords } from './cases.ts';
import { figure, median, type Table } from './table.ts';

const RUNS = 5;
const SCRIPT = fileURLToPath(new URL('../../training/bench_official.py', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../public/samples/house-in-snow.png', import.meta.url));

const timesSchema = z.object({ seconds: z.number().positive() });

export async function pictureTable(): Promise<Table> {
  const cases = [
    { name: 'from words, text guidance 4', options: fromWords(), python: ['--prompt', fromWords().prompt] },
    {
      name: 'edit of one picture, text guidance 4, image guidance 2',
      options: await edit(),
      python: ['--prompt', (await edit()).prompt, '--image', SAMPLE],
    },
  ];
  const rows = [];
  for (const { name, options, python } of cases) {
    const ours = await timeOurs(options);
    const official = timeOfficial(python);
    rows.push([
      name,
      `${figure(ours)} s`,
      official === undefined ? 'not installed' : `${figure(official)} s`,
      official === undefined ? '' : `${figure(official / ours)} x`,
    ]);
  }
  return {
    title: 'A picture under Node against official PyTorch',
    method:
      `128 x 128, 20 Euler steps, the built-in model's float16 weights computed in float32, all processor cores, median of ${RUNS} after a warm-up, ` +
      'models already open. The official code is timed if OMNIGEN2_OFFICIAL names a checkout of VectorSpaceLab/OmniGen2 and ' +
      'OMNIGEN2_PYTHON a Python with its requirements (see training/bench_official.py). Target: at least 2 x.',
    columns: ['picture', 'this project, onnxruntime-node', 'official, PyTorch', 'ratio'],
    rows,
  };
}

/** Median time of a picture, in seconds. */
async function timeOurs(options: DrawInput): Promise<number> {
  const model = await openModel(TRAINED);
  const seconds = [];
  for (let run = 0; run <= RUNS; run++) {
    const start = performance.now();
    await draw(model, { ...options, seed: run });
    seconds.push((performance.now() - start) / 1000);
  }
  await model.dispose();
  return median(seconds.slice(1));
}

/** Median time of a picture with the official code, in seconds; undefined if it is not installed. */
function timeOfficial(args: readonly string[]): number | undefined {
  const { OMNIGEN2_OFFICIAL: official, OMNIGEN2_PYTHON: python } = process.env;
  if (!official || !python) return undefined;
  const { status, stdout } = spawnSync(
    python,
    [SCRIPT, '--official', official, '--model', TRAINED, '--runs', String(RUNS), ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) throw new Error(`${SCRIPT} ended with ${status}`);
  return timesSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).seconds;
}
