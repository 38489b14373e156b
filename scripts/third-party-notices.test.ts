import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type InlineConfig, type Plugin, type Rolldown } from 'vite';
import { expect, test } from 'vitest';
import { NOTICES_FILE, thirdPartyNotices } from './third-party-notices.ts';

type Output = Rolldown.RolldownOutput['output'];

const PACKAGE = /node_modules\/(?!\.pnpm)((?:@[^/\s]+\/)?[^/\s]+)/;
/** A comment that a bundler leaves in a package's file for each package inside it. */
const EMBEDDED_COMMENT = new RegExp(`^// \\S*${PACKAGE.source}`, 'gm');

test.each(['vite.config.ts', 'vite.library.config.ts'])(
  'the build of %s lists every package',
  async (file) => {
    const loaded = new Set<string>();
    const record: Plugin = {
      name: 'record-packages',
      enforce: 'pre',
      transform(code, id) {
        const [, name] = PACKAGE.exec(id) ?? [];
        if (!name) return;
        loaded.add(name);
        for (const [, embedded] of code.matchAll(EMBEDDED_COMMENT)) loaded.add(embedded);
      },
    };
    const output = await built({ configFile: file, plugins: [record], worker: { plugins: () => [record] } });
    for (const asset of output) {
      for (const source of asset.type === 'asset' ? asset.originalFileNames : []) {
        const [, name] = PACKAGE.exec(source) ?? [];
        if (name) loaded.add(name);
      }
    }
    const notices = noticesIn(output);
    expect(loaded).toContain('onnxruntime-web');
    expect(loaded).toContain('@huggingface/jinja');
    expect([...loaded].filter((name) => !notices.has(name))).toEqual([]);
    for (const [name, notice] of notices) expect(notice, name).toMatch(/copyright/i);
  },
);

test('the notices of the page hold the texts of all its kinds of licence', async () => {
  const notices = noticesIn(await built({ configFile: 'vite.config.ts' }));
  expect(notices.get('exifreader')).toContain('Mozilla Public License Version 2.0');
  expect(notices.get('@fontsource-variable/literata')).toContain('SIL OPEN FONT LICENSE');
  expect(notices.get('@fontsource-variable/bricolage-grotesque')).toContain('Bricolage Grotesque Project');
  expect(notices.get('@huggingface/transformers')).toContain('Apache License');
  expect(notices.get('react-dom')).toContain('MIT License');
  expect(notices.get('onnxruntime-web')).toContain('Eigen\n\nMPL v2.0');
  expect(notices.get('@bufbuild/protobuf')).toContain('Copyright 2008 Google');
});

test('a package without a licence text stops the build', async () => {
  const root = await mkdtemp(join(tmpdir(), 'notices-'));
  const folder = join(root, 'node_modules', 'without-licence');
  await mkdir(folder, { recursive: true });
  await writeFile(join(root, 'main.js'), "import 'without-licence';");
  await writeFile(join(folder, 'index.js'), "console.log('here');");
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'without-licence', license: 'MIT' }));
  const building = built({
    ...{ root, configFile: false, plugins: [thirdPartyNotices().page] },
    build: { rolldownOptions: { input: join(root, 'main.js') } },
  });
  await expect(building).rejects.toThrow('No licence text: without-licence.');
  await rm(root, { recursive: true });
});

async function built(config: InlineConfig): Promise<Output> {
  const result = await build({ ...config, logLevel: 'silent', build: { ...config.build, write: false } });
  const [first] = Array.isArray(result) ? result : [result];
  if (!first || !('output' in first)) throw new Error('the build watches');
  return first.output;
}

/** The notices by package name. */
function noticesIn(output: Output): Map<string, string> {
  const asset = output.find(({ fileName }) => fileName === NOTICES_FILE);
  if (asset?.type !== 'asset') throw new Error('the build writes no notices');
  const [, ...parts] = String(asset.source).split(`${'#'.repeat(80)}\n`);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf(' ')), part]));
}
