/**
 * Measures speed, memory and the cost of quantization, and prints tables with their baselines.
 *
 *   npm run -s bench -- [--only TABLE] [--record]
 */

import { readArgs, runCommand } from './args.ts';
import { accelerationsTable } from './bench/accelerations.ts';
import { adaptersTable } from './bench/adapters.ts';
import { conversationTable } from './bench/conversation.ts';
import { downloadTable } from './bench/download.ts';
import { pageTable } from './bench/page.ts';
import { pictureTable } from './bench/picture.ts';
import { quantizationTable } from './bench/quantization.ts';
import { stagesTable } from './bench/stages.ts';
import { markdown, type Table } from './bench/table.ts';
import { tokensTable } from './bench/tokens.ts';
import { vaeTable } from './bench/vae.ts';
import { record } from './docs/record.ts';

const TABLES = {
  download: downloadTable,
  page: pageTable,
  picture: pictureTable,
  stages: stagesTable,
  tokens: tokensTable,
  accelerations: accelerationsTable,
  conversation: conversationTable,
  quantization: quantizationTable,
  adapters: adaptersTable,
  vae: vaeTable,
} as const satisfies Record<string, () => Promise<Table>>;
/** Tables whose figures depend on what the built-in model has learned. */
const OF_WEIGHTS: ReadonlySet<string> = new Set(['accelerations', 'quantization', 'adapters']);
const CALL = 'npm run -s bench --';
const NAMES = Object.keys(TABLES) as (keyof typeof TABLES)[];

await runCommand('Measuring', async () => {
  const { only, record: keep } = readArgs({
    call: CALL,
    summary:
      'Measures speed, memory and the cost of quantization on this machine, and prints tables in Markdown.',
    options: {
      only: { placeholder: 'TABLE', help: 'measure one table', oneOf: NAMES },
      record: { help: 'write the tables to docs/results, with date, commit and machine' },
    },
  });
  for (const name of NAMES.filter((table) => only === undefined || table === only)) {
    const table = await TABLES[name]();
    console.log(`${markdown(table)}\n`);
    if (keep) {
      const command = `${CALL} --only ${name} --record`;
      await record(name, { title: table.title, command, tables: [table], ofWeights: OF_WEIGHTS.has(name) });
    }
  }
  return 0;
});
