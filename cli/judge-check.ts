/**
 * Measures the errors of the judge on held-out scenes: on claims that hold and on claims that one change made
 * false, on pictures as rendered and after a round trip through the built-in model's VAE.
 *
 * npm run -s judge:check -- [--n 100] [--only KIND] [--wide] [--json] [--record]
 */

import { nodeFolder } from '../src/checkpoints/folder.node.ts';
import { OmniError } from '../src/errors.ts';
import { Judge } from '../src/judge/judge.ts';
import { verdict } from '../src/judge/verdict.ts';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { nodeRuntime } from '../src/runtime/runtime.node.ts';
import { numberOption, readArgs, runCommand } from './args.ts';
import { markdown, type Table } from './bench/table.ts';
import { record } from './docs/record.ts';
import { ABOUTS, drawPair, type Pair } from './judge/pairs.ts';
import { BUILT_IN, JUDGE, openModel } from './models.ts';
import { pictureOf } from './storybook/cases.ts';
import { roundTrip } from './storybook/round-trip.ts';

const CALL = 'npm run -s judge:check --';
/** No training data has this seed. */
const SEED = 77_001;

/** Errors among `n` pairs: `[claims that hold, claims that do not]`. */
interface Errors {
  readonly rendered: [number, number];
  readonly decoded: [number, number];
}

await runCommand('Judging', async (signal) => {
  const args = readArgs({
    call: CALL,
    summary: 'Measures how often the judge is wrong, by kind of claim.',
    options: {
      n: { placeholder: 'N', help: 'pairs of pictures for each kind of claim', fallback: '100' },
      only: { placeholder: 'KIND', help: 'one kind of claim', oneOf: ABOUTS },
      wide: { help: 'things stand anywhere, not in the columns of the default mix' },
      json: { help: 'print JSON, with the errors one by one' },
      record: { help: 'write the table to docs/results, with date, commit and machine' },
    },
  });
  if (args.record && (args.wide || args.only !== undefined)) {
    throw new OmniError({
      code: 'bad_request',
      message: '--record keeps the errors on all kinds of claims of the default mix.',
      action: 'Leave out --only and --wide.',
    });
  }
  const n = numberOption('n', args.n, { min: 1, max: 100_000, whole: true });
  const judge = await Judge.open(nodeRuntime(), nodeFolder(JUDGE));
  const model = await openModel(BUILT_IN);
  const table: Record<string, Errors> = {};
  const mistakes: unknown[] = [];
  for (const about of ABOUTS.filter((kind) => args.only === undefined || kind === args.only)) {
    const errors: Errors = { rendered: [0, 0], decoded: [0, 0] };
    for (let i = 0; i < n; i++) {
      signal.throwIfAborted();
      const pair = drawPair(about, SEED, i, args.wide);
      await judgePair(judge, model, pair, errors, mistakes);
    }
    table[about] = errors;
  }
  await judge.dispose();
  await model.dispose();
  if (args.json) console.log(JSON.stringify({ n, table, mistakes }, undefined, 1));
  else console.log(markdown(errorsTable(table, n, args.wide ? 'wide' : 'default')));
  if (args.record) {
    const errors = errorsTable(table, n, 'default');
    const command = `${CALL} --n ${n} --record`;
    await record('judge', { title: errors.title, command, tables: [errors], ofWeights: false });
  }
  return 0;
});

async function judgePair(
  judge: Judge,
  model: OmniGen2Model,
  { claim, right, wrong }: Pair,
  errors: Errors,
  mistakes: unknown[],
): Promise<void> {
  for (const [side, scene] of [right, wrong].entries()) {
    const rendered = pictureOf(scene);
    for (const form of ['rendered', 'decoded'] as const) {
      const picture = form === 'rendered' ? rendered : await roundTrip(model, rendered);
      const { yes, probability } = verdict(claim, await judge.detect(picture));
      if (yes === (side === 0)) continue;
      errors[form][side]++;
      mistakes.push({ claim, truth: side === 0, probability, form, scene });
    }
  }
}

function errorsTable(table: Readonly<Record<string, Errors>>, n: number, which: string): Table {
  const percent = (errors: number) => `${((100 * errors) / n).toFixed(1)}%`;
  const kinds = Object.entries(table);
  const sum = (form: keyof Errors, side: 0 | 1) =>
    kinds.reduce((total, [, errors]) => total + errors[form][side], 0) / kinds.length;
  return {
    title: 'Errors of the judge',
    method: `Held-out scenes of the ${which} mix, ${n} pairs of pictures for each kind of claim; a wrong picture differs by one change.`,
    columns: ['claim', 'true, rendered', 'false, rendered', 'true, decoded', 'false, decoded'],
    rows: [
      ...kinds.map(([about, { rendered, decoded }]) => [about, ...[...rendered, ...decoded].map(percent)]),
      [
        'mean',
        ...(['rendered', 'decoded'] as const).flatMap((form) =>
          ([0, 1] as const).map((side) => percent(sum(form, side))),
        ),
      ],
    ],
  };
}
