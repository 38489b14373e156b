/** Keeps measured tables under docs/results, with the date, the commit and the machine. */

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Table } from '../bench/table.ts';
import { ROOT, trainedDigest } from '../models.ts';
import { pagesOfFigures, writePages } from './pages.ts';
import { RESULTS, type Results } from './results.ts';

export interface Recorded {
  readonly title: string;
  /** The command that measured, as a person types it. */
  readonly command: string;
  readonly tables: readonly Table[];
  /** Whether the figures depend on what the built-in model has learned. */
  readonly ofWeights: boolean;
}

/**
 * Writes `docs/results/NAME.json`, its page, and the figures that other pages quote from it.
 * @throws OmniError `bad_request` if a page quotes a figure that is no longer there
 */
export async function record(name: string, { title, command, tables, ofWeights }: Recorded): Promise<void> {
  const weights = await trainedDigest();
  const results: Results = {
    title,
    date: new Date().toISOString().slice(0, 10),
    commit: commitOfTree(),
    machine: machine(),
    command,
    ...(ofWeights ? { weights } : {}),
    tables: tables.map(({ title, method, columns, rows }) => ({
      title,
      method,
      columns: [...columns],
      rows: rows.map((row) => [...row]),
    })),
  };
  await writeFile(join(ROOT, RESULTS, `${name}.json`), `${JSON.stringify(results, undefined, 1)}\n`);
  const written = await writePages(ROOT, await pagesOfFigures(ROOT, weights));
  console.error(`Wrote ${[`${RESULTS}/${name}.json`, ...written].join(', ')}.`);
}

/** The commit that is checked out, and whether files other than the docs differ from it. */
export function commitOfTree(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';
  const id = git('rev-parse', '--short=7', 'HEAD');
  if (id === '') return 'unknown';
  const changes = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs');
  return changes === '' ? id : `${id} with changes`;
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${model}, ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB`;
}
