/** The npm package in a Vite project without settings: what it holds, its types, and its pictures. */

import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { build, createServer, type PreviewServer, preview, type ViteDevServer } from 'vite';
import { z } from 'zod';
import { openModel } from '../cli/models.ts';
import { draw } from '../src/omnigen2/pipeline.ts';
import type { RgbImage } from '../src/pictures/image.ts';
import { expectSamePixels, options } from './node-side.ts';
import { canvasPixels } from './pixels.ts';

const packed = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }));

let folder: string;
let project: string;
/** The files in the package. */
let paths: readonly string[];
let drawnByNode: RgbImage;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  project = join(folder, 'project');
  await cp('e2e/package', project, { recursive: true });
  // The library is built; packing must not build it once more.
  const report = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], '.');
  const [{ filename, files }] = packed.parse(JSON.parse(report));
  paths = files.map(({ path }) => path);
  // Without a network: zod, which the types need, comes from this project's own copy.
  const given = [join(folder, filename), resolve('node_modules/zod'), '--install-links'];
  const alone = '--offline --ignore-scripts --no-audit --no-fund'.split(' ');
  npm(['install', ...given, ...alone, '--cache', join(folder, 'cache')], project);
  const model = await openModel('storybook');
  const guidance = { textGuidance: 4, imageGuidance: 2 };
  drawnByNode = (await draw(model, { ...options('a brown bear in the desert', [], 4, guidance), seed: 2 }))
    .image;
  await model.dispose();
});
test.afterAll(() => rm(folder, { recursive: true }));

test('the package holds the library, its types, the model and all licences, and nothing else', async () => {
  const outside = paths.filter((path) => !path.startsWith('dist-library/'));
  expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  expect(paths).toEqual(
    expect.arrayContaining([
      'dist-library/omnigen2.js',
      'dist-library/omnigen2.d.ts',
      'dist-library/third-party-notices.txt',
      'dist-library/models/storybook/manifest.json',
      'dist-library/models/storybook/README.md',
    ]),
  );
  const installed = await readdir(join(project, 'node_modules'));
  expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['omnigen2-studio', 'zod']);
});

test('TypeScript finds the types of the installed package', () => {
  const { stdout } = spawnSync(resolve('node_modules/.bin/tsc'), ['-p', project], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

test('the page draws as Vite builds it', async ({ page }) => {
  await build({ root: project, logLevel: 'error' });
  const server = await preview({ root: project, preview: { port: 0 }, logLevel: 'error' });
  await page.goto(addressOf(server));
  await expect(page.getByRole('status')).toHaveText('Drawn.', { timeout: 60_000 });
  expectSamePixels(await canvasPixels(page), drawnByNode);
  await server.close();
});

test("the page draws on Vite's development server", async ({ page }) => {
  const server = await createServer({ root: project, server: { port: 0 }, logLevel: 'error' });
  await server.listen();
  await page.goto(addressOf(server));
  await expect(page.getByRole('status')).toHaveText('Drawn.', { timeout: 60_000 });
  expectSamePixels(await canvasPixels(page), drawnByNode);
  await server.close();
});

/** Runs npm and gives its output. */
function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

function addressOf({ resolvedUrls }: PreviewServer | ViteDevServer): string {
  const [address] = resolvedUrls?.local ?? [];
  if (!address) throw new Error('The server has no address.');
  return address;
}
