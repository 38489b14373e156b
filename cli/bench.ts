/**
 * Measures speed, memory and the cost of quantization, and prints tables with their baselines.
 *
 *   npm run -s bench -- [--only TABLE] [--record]
 */

import { readArgs, runCommand } from './args.ts';
import { accelerationsTable } from './bench/accelerations.ts';
import { adaptersTable } from './bench/adapters.ts';
import { conversationTable } from './bench/conversation.ts';
import { deviceTables } from './bench/device.ts';
import { downloadTable } from './bench/download.ts';
import { exportTable } from './bench/export.ts';
import { pageTable } from './bench/page.ts';
import { pictureTable } from './bench/picture.ts';
import { quantizationTable } from './bench/quantization.ts';
import { stagesTable } from './bench/stages.ts';
import { markdown, type Table } from './bench/table.ts';
import { tokensTable } from './bench/tokens.ts';
import { vaeTable } from './bench/vae.ts';
import { record } from './docs/record.ts';

/** Makes one table, or several that belong together. */
type MakeTables = (options: { readonly gpu: boolean }) => Promise<Table | readonly Table[]>;
const TABLES = {
  download: downloadTable,
  page: pageTable,
  picture: pictureTable,
  export: exportTable,
  stages: stagesTable,
  tokens: tokensTable,
  accelerations: accelerationsTable,
  conversation: conversationTable,
  quantization: quantizationTable,
  adapters: adaptersTable,
  vae: vaeTable,
  device: deviceTables,
} as const satisfies Record<string, MakeTables>;
/** Tables whose figures depend on what the built-in model has learned. */
const OF_WEIGHTS: ReadonlySet<string> = new Set(['accelerations', 'quantization', 'adapters']);
const CALL = 'npm run -s bench --';
const NAMES = Object.keys(TABLES) as (keyof typeof TABLES)[];

await runCommand('Measuring', async () => {
  const {
    only,
    gpu,
    record: keep,
  } = readArgs({
    call: CALL,
    summary:
      'Measures speed, memory and the cost of quantization on this machine, and prints tables in Markdown.',
    options: {
      only: { placeholder: 'TABLE', help: 'measure one table', oneOf: NAMES },
      gpu: { help: 'measure the device on the graphics processor through Vulkan, not on a software adapter' },
      record: { help: 'write the tables to docs/results, with date, commit and machine' },
    },
  });
  for (const name of NAMES.filter((table) => only === undefined || table === only)) {
    const made: Table | readonly Table[] = await TABLES[name]({ gpu });
    const tables = isTable(made) ? [made] : made;
    for (const table of tables) console.log(`${markdown(table)}\n`);
    if (keep) {
      const command = `${CALL} --only ${name}${gpu ? ' --gpu' : ''} --record`;
      const [{ title }] = tables;
      await record(name, { title, command, tables, ofWeights: OF_WEIGHTS.has(name) });
    }
  }
  return 0;
});

function isTable(made: Table | readonly Table[]): made is Table {
  return 'rows' in made;
}
