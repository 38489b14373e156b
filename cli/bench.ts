/**
 * Measures speed, memory and the cost of quantization, and prints tables with their baselines.
 *
 *   npm run -s bench -- [--only page|picture|stages|tokens|accelerations|conversation|quantization|adapters|vae]
 */

import { readArgs, runCommand } from './args.ts';
import { accelerationsTable } from './bench/accelerations.ts';
import { adaptersTable } from './bench/adapters.ts';
import { conversationTable } from './bench/conversation.ts';
import { pageTable } from './bench/page.ts';
import { pictureTable } from './bench/picture.ts';
import { quantizationTable } from './bench/quantization.ts';
import { stagesTable } from './bench/stages.ts';
import { markdown, type Table } from './bench/table.ts';
import { tokensTable } from './bench/tokens.ts';
import { vaeTable } from './bench/vae.ts';

const TABLES = {
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
const NAMES = Object.keys(TABLES) as (keyof typeof TABLES)[];

await runCommand('Measuring', async () => {
  const { only } = readArgs({
    call: 'npm run -s bench --',
    summary: 'Measures speed, memory and the cost of quantization on this machine.',
    options: { only: { placeholder: 'TABLE', help: 'measure one table', oneOf: NAMES } },
  });
  for (const name of NAMES.filter((table) => only === undefined || table === only)) {
    console.log(`${markdown(await TABLES[name]())}\n`);
  }
  return 0;
});
