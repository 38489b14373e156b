/**
 * The Models page: a checkpoint of the official layout from a folder, from an address, and as a bundle, each
 * with a picture equal to Node's; several models side by side; and what can go wrong.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { openModel } from '../cli/models.ts';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { FaultServer } from '../src/storage/fault-server.node.ts';
import { bundleOf } from '../src/storage/fixtures.node.ts';
import { convertedFiles, type Files, officialFiles, writeFiles } from './checkpoints.ts';
import { ModelsPage } from './models-page.ts';
import { expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';

interface Checkpoints {
  /** bfloat16, in the official layout. */
  readonly official: string;
  readonly officialFiles: Files;
  /** The same converted to 4 bits by Node. */
  readonly converted: string;
  readonly convertedFiles: Files;
}

const test = base.extend<{ models: ModelsPage }, { checkpoints: Checkpoints }>({
  checkpoints: [
    async ({ browserName: _ }, use) => {
      const root = await mkdtemp(join(tmpdir(), 'omnigen2-models-'));
      const [official, converted] = [join(root, 'bear-model'), join(root, 'converted')];
      const files = await officialFiles();
      const small = await convertedFiles(files);
      await writeFiles(official, files);
      await writeFiles(converted, small);
      await use({ official, officialFiles: files, converted, convertedFiles: small });
      await rm(root, { recursive: true });
    },
    { scope: 'worker' },
  ],
  models: async ({ page }, use) => {
    const models = new ModelsPage(page);
    await models.open();
    await use(models);
  },
});

/** Also on a busy machine. */
const INSTALLED = { timeout: 120_000 };
const PROMPT = 'a red house in the snow';
const STEPS = 2;
const SIDE = 64;

test('a dropped folder is read in place, and draws what Node draws', async ({ models, checkpoints }) => {
  await models.studio.dropFromDisk(checkpoints.official);
  const row = models.row('In a folder of yours');
  await expect(row).toContainText('bfloat16');
  await models.use(row);
  await expectPictureOf(models, checkpoints.official);
  await models.goto();
  await expect(models.storageUse).toContainText('The browser keeps no added models');
});

test('an address is converted while it downloads; a bundle beside it; each draws what Node draws', async ({
  models,
  checkpoints,
}) => {
  const server = await FaultServer.start(checkpoints.officialFiles);
  const bundle = await FaultServer.start(bundleOf(checkpoints.convertedFiles));
  try {
    await models.install(server.folder);
    const fromAddress = models.row(server.origin);
    await expect(fromAddress).toContainText('It can be used.', INSTALLED);
    // Headers are read a second time with the data.
    const total = [...checkpoints.officialFiles.values()].reduce((sum, { length }) => sum + length, 0);
    expect(server.sentBytes()).toBeLessThan(1.1 * total);
    await models.install(bundle.folder);
    const fromBundle = models.row(bundle.origin);
    await expect(fromBundle).toContainText('It can be used.', INSTALLED);

    for (const row of [fromAddress, fromBundle]) {
      await models.goto();
      await models.use(row);
      await expectPictureOf(models, checkpoints.converted);
    }
    // The chosen model is opened at the next visit, without its server.
    await server.close();
    await bundle.close();
    await models.goto();
    await models.page.reload();
    await models.inUse(fromBundle);

    await models.delete(fromBundle);
    await expect(fromBundle).toHaveCount(0);
    await models.inUse(models.row('Built-in model'));
    await models.use(fromAddress);
    await fromAddress.getByRole('button', { name: 'Check files' }).click();
    await expect(fromAddress).toContainText('files are as they should be');
  } finally {
    await server.close();
    await bundle.close();
  }
});

test('a folder is converted into the storage, beside the folder', async ({ models, checkpoints }) => {
  await models.page.getByTestId('pick-folder').setInputFiles(checkpoints.official);
  await models.row('In a folder of yours').getByRole('button', { name: 'Convert to 4-bit' }).click();
  const converted = models.row('bear-model (4-bit)');
  await expect(converted).toContainText('It can be used.', INSTALLED);
  await models.use(converted);
  await expectPictureOf(models, checkpoints.converted);
  await models.goto();
  await expect(models.row('In a folder of yours')).toContainText('picked for this visit');
});

test('a full storage is said, with what to do, and the install goes on later', async ({
  models,
  checkpoints,
}) => {
  const server = await FaultServer.start(checkpoints.officialFiles);
  const devtools = await models.page.context().newCDPSession(models.page);
  const { origin } = new URL(models.page.url());
  try {
    // The built-in model is stored, too.
    await models.studio.modelReady();
    const used = await models.page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: used + 5_000_000 });
    await models.install(server.folder);
    const row = models.row(server.origin);
    await expect(models.list.getByRole('alert')).toContainText(/storage/i, INSTALLED);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    await row.getByRole('button', { name: 'Resume' }).click();
    await expect(row).toContainText('It can be used.', INSTALLED);
  } finally {
    await server.close();
  }
});

test('an install is paused, and goes on after a reload', async ({ models, checkpoints }) => {
  const server = await FaultServer.start(checkpoints.officialFiles);
  try {
    server.fault = ({ path }) =>
      path.endsWith('2-of-00002.safetensors') ? { kind: 'slow', pieceBytes: 16_384, pauseMs: 20 } : undefined;
    await models.install(server.folder);
    const row = models.row(server.origin);
    await expect(row).toContainText(/Downloading|Converting/);
    await expect(row.getByRole('progressbar')).toHaveAttribute('value', /[1-9]/);
    await row.getByRole('button', { name: 'Pause' }).click();
    await expect(row).toContainText('It goes on where it stopped');
    server.fault = () => undefined;
    await models.page.reload();
    await row.getByRole('button', { name: 'Resume' }).click();
    await expect(row).toContainText('It can be used.', INSTALLED);
  } finally {
    await server.close();
  }
});

test('what cannot be a model is refused in a sentence', async ({ models, checkpoints }) => {
  const folder = await mkdtemp(join(tmpdir(), 'omnigen2-no-model-'));
  const inside = join(folder, 'downloads');
  await mkdir(inside);
  await writeFile(join(inside, 'notes.txt'), 'nothing');
  await writeFiles(join(folder, 'parent', 'OmniGen2'), checkpoints.convertedFiles);
  const cases: readonly (readonly [drop: string, sentence: string])[] = [
    [inside, 'downloads is not an OmniGen2 checkpoint: model_index.json is missing.'],
    [join(folder, 'parent'), 'Choose the folder OmniGen2 inside it.'],
    [join(checkpoints.official, 'transformer'), 'Choose the folder above'],
    [join(checkpoints.official, 'model_index.json'), 'model_index.json is one file'],
  ];
  for (const [path, sentence] of cases) {
    await models.studio.dropFromDisk(path);
    await expect(models.refusal).toContainText(sentence);
  }
  await models.install('');
  await expect(models.refusal).toContainText('The address is empty.');
  await models.install('not an address');
  await expect(models.refusal).toContainText('not an address');
  await rm(folder, { recursive: true });
});

/** Draws in the page and under Node, and compares the pictures. */
async function expectPictureOf({ studio }: ModelsPage, checkpoint: string): Promise<void> {
  await studio.page.getByRole('link', { name: 'Make', exact: true }).click();
  const guidance = await studio.setStepsAndSeed({ steps: STEPS, side: SIDE, seed: SEED });
  await studio.draw(PROMPT);
  await studio.result();
  const model = await openModel(checkpoint);
  const input = options(PROMPT, [], STEPS, guidance, SIDE);
  const { picture } = await drawWithReflection(model, input, 1, hooks);
  expectSamePixels(await saved(studio), picture);
  await model.dispose();
}
