/** The documentation says what its sources say. `npm run -s docs` writes what these tests ask for. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, trainedDigest } from '../models.ts';
import { commandLinePage } from './command-line.ts';
import { pagesOfFigures } from './pages.ts';
import { settingsPage } from './settings.ts';

test('pages of results and quoted figures are current', async () => {
  const pages = await pagesOfFigures(ROOT, await trainedDigest());
  expect(pages.size).toBeGreaterThan(10);
  for (const [page, text] of pages) expect(await readFile(join(ROOT, page), 'utf8'), page).toBe(text);
});

test('the reference of the command line is what the commands print', async () => {
  const page = await readFile(join(ROOT, 'docs/reference/command-line.md'), 'utf8');
  expect(page).toBe(await commandLinePage(ROOT));
}, 120_000);

test('the reference of the settings is what their definitions say', async () => {
  expect(await readFile(join(ROOT, 'docs/reference/settings.md'), 'utf8')).toBe(settingsPage());
});
