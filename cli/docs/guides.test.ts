/** Commands in README and guides name scripts and options that exist. A script in a guide works. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { MANIFEST_FILE, parseManifest } from '../../src/checkpoints/manifest.ts';
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

test.each(['model', 'model/', './model', './model/'])(
  'the manifest script of the guide takes %s',
  async (name) => {
    const guide = await read('docs/guides/your-own-checkpoint.md');
    const [, script] = /```js\n(\/\/ node make-manifest\.mjs .*?)```/s.exec(guide) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'manifest-'));
    try {
      await writeFile(join(folder, 'make-manifest.mjs'), script ?? '');
      await mkdir(join(folder, 'model/vae'), { recursive: true });
      await writeFile(join(folder, 'model/model_index.json'), '{}');
      await writeFile(join(folder, 'model/vae/config.json'), '{ }');
      await promisify(execFile)(process.execPath, ['make-manifest.mjs', name], { cwd: folder });
      const written: unknown = JSON.parse(await readFile(join(folder, 'model', MANIFEST_FILE), 'utf8'));
      const { files } = parseManifest(written, name);
      expect(files.map(({ path, sizeBytes }) => `${path} ${sizeBytes}`).sort()).toEqual([
        'model_index.json 2',
        'vae/config.json 3',
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
