/**
 * Shows that OmniGen2 runs at its own size, and what that takes: makes a checkpoint with the released shapes
 * and random weights, converts it, draws, edits and answers with it under Node and in Chromium, compares the
 * two, and prints tables.
 *
 *   npm run -s official-size -- --dir DIR [--only STEP …] [--again | --tables] [--record]
 *
 * Needs 25 GB of disk and about an hour. A run that was stopped goes on with its next step.
 */

import { resolve } from 'node:path';
import { OmniError } from '../src/errors.ts';
import { readArgs, runCommand } from './args.ts';
import { markdown } from './bench/table.ts';
import { commitOfTree, record } from './docs/record.ts';
import { reportTables } from './official-size/report.ts';
import { RunState } from './official-size/state.ts';
import { doStep, keyOf, STEPS, type StepName } from './official-size/steps.ts';

const CALL = 'npm run -s official-size --';

await runCommand('Measuring the official size', async (signal) => {
  const {
    dir,
    checkpoint,
    only,
    again,
    tables: tablesOnly,
    record: keep,
  } = readArgs({
    call: CALL,
    summary:
      'Runs OmniGen2 at its own size under Node and in Chromium, with random weights, and prints what that takes.',
    options: {
      dir: {
        placeholder: 'DIR',
        help: 'folder of the run; its disk needs 25 GB',
        required: true,
      },
      only: { placeholder: 'STEP', help: 'do one step', oneOf: STEPS, multiple: true },
      again: { help: 'do steps again that were done with the same code' },
      tables: { help: 'print the tables of what was measured before, and do no step' },
      checkpoint: {
        placeholder: 'DIR',
        help: 'use this converted checkpoint, of any size, in place of making one',
      },
      record: { help: 'write the tables to docs/results, with date, commit and machine' },
    },
  });
  if (keep && checkpoint !== undefined) {
    throw new OmniError({
      code: 'bad_request',
      message: '--record is for the checkpoint of the released size, not for another one.',
      action: 'Leave out --record or --checkpoint.',
    });
  }
  const folder = resolve(dir);
  const state = await RunState.read(folder);
  const run = {
    signal,
    dir: folder,
    checkpoint: checkpoint && resolve(checkpoint),
    log: (line: string) => console.error(line),
  };
  const isWanted = (step: StepName) =>
    !tablesOnly &&
    (only.length > 0 ? only.includes(step) : checkpoint === undefined || !['make', 'convert'].includes(step));
  for (const step of STEPS.filter(isWanted)) {
    const key = await keyOf(step, run);
    if (!again && state.get(step)?.key === key) {
      console.error(`${step}: done before.`);
      continue;
    }
    console.error(`${step}:`);
    const started = performance.now();
    const figures = await doStep(step, run);
    const seconds = (performance.now() - started) / 1000;
    await state.set(step, { key, commit: commitOfTree(), seconds, figures });
    console.error(`${step}: ${seconds.toFixed(1)} s.`);
  }
  const tables = await reportTables(folder, state);
  console.log(tables.map(markdown).join('\n\n'));
  if (keep) {
    const command = `${CALL} --dir DIR --record`;
    await record('official-size', { title: 'OmniGen2 at its own size', command, tables, ofWeights: false });
  }
  return 0;
});
