/** Commands in README and guides name scripts and options that exist. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../models.ts';

const packageSchema = z.object({ scripts: z.record(z.string(), z.string()) });
const read = (page: string) => readFile(join(ROOT, page), 'utf8');

/** The commands of the shell blocks of a page, one a line. */
function commandsOf(page: string): string[] {
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block);
  return blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'));
}

test('every command has its script and its options', async () => {
  const { scripts } = packageSchema.parse(JSON.parse(await read('package.json')));
  const reference = (await read('docs/reference/command-line.md')).split('\n## ');
  const guides = (await readdir(join(ROOT, 'docs/guides'))).map((guide) => `docs/guides/${guide}`);
  let checked = 0;
  for (const page of ['README.md', ...guides]) {
    for (const command of commandsOf(await read(page))) {
      const [, script, given] = /npm run -s (\S+)\s+--(.*)/.exec(command) ?? [];
      if (script === undefined) continue;
      expect(scripts, `${page}: ${command}`).toHaveProperty([script]);
      const options = reference.find((section) => section.startsWith(`${script}\n`));
      for (const [option] of given.replaceAll(/"[^"]*"/g, '').matchAll(/--[a-z-]+/g)) {
        expect(options, `${page}: ${command}`).toContain(`  ${option} `);
        checked++;
      }
    }
  }
  expect(checked).toBeGreaterThan(50);
});
