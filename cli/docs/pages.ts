/** Pages that are written by commands, and pages that quote figures. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withQuotes } from './quotes.ts';
import { RESULTS, readResults, resultsIndex, resultsPage } from './results.ts';

/** What the list of results ends with: the results that are pictures and words. */
const MORE_RESULTS = [
  'Pictures of the first cases of every task: [sheets](sheets/README.md), and [what a person sees on them](looked-at.md).',
];

/**
 * Every page of results and every page that quotes one, as it should be.
 * @param root the repository
 * @param weights SHA-256 of the present trained checkpoint
 * @returns text by path from the root
 */
export async function pagesOfFigures(root: string, weights: string): Promise<ReadonlyMap<string, string>> {
  const results = await readResults(root);
  const pages = new Map<string, string>();
  for (const [name, result] of results)
    pages.set(`${RESULTS}/${name}.md`, resultsPage(name, result, weights));
  pages.set(`${RESULTS}/README.md`, resultsIndex(results, MORE_RESULTS));
  for (const page of await quotingPages(root)) {
    const text = await readFile(join(root, page), 'utf8');
    pages.set(page, withQuotes(page, text, results, weights));
  }
  return pages;
}

/** Writes the pages that differ. @returns their paths */
export async function writePages(root: string, pages: ReadonlyMap<string, string>): Promise<string[]> {
  const written: string[] = [];
  for (const [page, text] of pages) {
    const path = join(root, page);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) continue;
    await writeFile(path, text);
    written.push(page);
  }
  return written;
}

/** Pages written by people: Markdown at the top and below docs/, but for the results. */
async function quotingPages(root: string): Promise<string[]> {
  const top = (await readdir(root)).filter((file) => file.endsWith('.md'));
  const docs = (await readdir(join(root, 'docs'), { recursive: true }))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !file.startsWith(`${RESULTS}/`));
  return [...top, ...docs].sort();
}
