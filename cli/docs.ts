/**
 * Writes what the documentation takes from elsewhere: pages of results, figures that other pages quote, the
 * options of every command, and the settings.
 *
 *   npm run -s docs
 */

import { readArgs, runCommand } from './args.ts';
import { commandLinePage } from './docs/command-line.ts';
import { pagesOfFigures, writePages } from './docs/pages.ts';
import { settingsPage } from './docs/settings.ts';
import { ROOT, trainedDigest } from './models.ts';

await runCommand('Writing the documentation', async () => {
  readArgs({
    call: 'npm run -s docs',
    summary:
      'Writes the pages of results, the figures that other pages quote, and the options of every command.',
    options: {},
  });
  const pages = new Map(await pagesOfFigures(ROOT, await trainedDigest()));
  pages.set('docs/reference/command-line.md', await commandLinePage(ROOT));
  pages.set('docs/reference/settings.md', settingsPage());
  const written = await writePages(ROOT, pages);
  console.log(written.length > 0 ? `Wrote ${written.join(', ')}.` : 'Everything is current.');
  return 0;
});
