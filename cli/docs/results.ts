/** Measured results: tables with the date, the commit, the machine and the command that gave them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { grid } from '../bench/table.ts';

/**
 * Where results are kept, from the root of the repository: `NAME.json` and the page `NAME.md` made from it.
 */
export const RESULTS = 'docs/results';

const tableSchema = z.strictObject({
  title: z.string(),
  method: z.string(),
  columns: z.array(z.string()).min(2),
  rows: z.array(z.array(z.string())),
});

const resultsSchema = z.strictObject({
  title: z.string(),
  date: z.iso.date(),
  commit: z.string(),
  machine: z.string(),
  command: z.string(),
  /** SHA-256 of the trained checkpoint, where the figures depend on what the model has learned. */
  weights: z.string().optional(),
  tables: z.array(tableSchema).min(1),
});

export type Results = z.infer<typeof resultsSchema>;

/** Results by name. @throws ZodError if a file has another form */
export async function readResults(root: string): Promise<ReadonlyMap<string, Results>> {
  const folder = join(root, RESULTS);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();
  const results = new Map<string, Results>();
  for (const file of files) {
    const text = await readFile(join(folder, file), 'utf8');
    results.set(file.slice(0, -'.json'.length), resultsSchema.parse(JSON.parse(text)));
  }
  return results;
}

/** The page of one file of results. A table has a heading of its own where there are several. */
export function resultsPage(name: string, results: Results, weights: string): string {
  const { title, date, commit, machine, command, tables } = results;
  const head = [
    ['measured', date],
    ['commit', commit],
    ['machine', machine],
    ['command', `\`${command}\``],
  ];
  const parts = [
    `<!-- Written by \`npm run -s docs\` from ${name}.json. -->`,
    `# ${title}`,
    ['| | |', '|---|---|', ...head.map(([key, value]) => `| ${key} | ${value} |`)].join('\n'),
  ];
  if (isStale(results, weights)) {
    parts.push('**Outdated**: the built-in model has other weights now. Run the command again.');
  }
  for (const table of tables) {
    if (tables.length > 1) parts.push(`## ${table.title}`);
    parts.push(wrapped(table.method), grid(table));
  }
  return `${parts.join('\n\n')}\n`;
}

/** The list of all pages. */
export function resultsIndex(all: ReadonlyMap<string, Results>, extra: readonly string[]): string {
  const rows = [...all].map(
    ([name, { title, date, commit, command }]) =>
      `| [${title}](${name}.md) | ${date} | ${commit} | \`${command}\` |`,
  );
  return `${[
    '<!-- Written by `npm run -s docs`. -->',
    '# Results',
    wrapped(
      'The figures that other pages quote come from these pages. Each page is written by the command beside it; times ' +
        'are measured on a machine with nothing else running. A quote is a link to a page of results whose title names ' +
        'the row. `npm run -s docs` updates all quotes.',
    ),
    ['| page | measured | commit | command |', '|---|---|---|---|', ...rows].join('\n'),
    ...extra,
  ].join('\n\n')}\n`;
}

/** Whether the figures are those of earlier weights of the built-in model. */
export function isStale({ weights: measured }: Results, weights: string): boolean {
  return measured !== undefined && measured !== weights;
}

/** Breaks a paragraph into lines of at most 110 characters. */
export function wrapped(text: string, width = 110): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
