/**
 * The library on pages other than the studio, the example in docs/guides/embed-in-a-page.md, and the types.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { draw } from '../src/omnigen2/pipeline.ts';
import { test } from './fixtures.ts';
import { type Served, serveWithLibrary } from './library/serve.ts';
import { decodedSample, expectSamePixels, options } from './node-side.ts';
import { canvasPixels } from './pixels.ts';
import { sample } from './studio-page.ts';

let served: Served;
/** Steps of the drawings of example.html. */
const EXAMPLE_STEPS = 8;
/** The example page with its model loaded, for tests that leave it so. */
let example: Page;

test.beforeAll(async ({ browser }) => {
  served = await serveWithLibrary('e2e/library');
  example = await browser.newPage();
  await openExample(example);
});
test.afterAll(async () => {
  await example.close();
  served.close();
});

test('the example page draws from a prompt and edits a picture like the same job under Node', async ({
  nodeModel,
}) => {
  const page = example;
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByRole('status')).toHaveText('Drawn with seed 2.', { timeout: 120_000 });
  const fromPrompt = await canvasPixels(page);
  await page.getByLabel('Draw').fill('Make it night.');
  await page.getByLabel('from').setInputFiles(sample('house-in-snow'));
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByRole('status')).toContainText('Step');
  await expect(page.getByRole('status')).toHaveText('Drawn with seed 2.', { timeout: 120_000 });
  const edited = await canvasPixels(page);

  const guidance = { textGuidance: 4, imageGuidance: 2 };
  const wanted = { ...options('a brown bear in the desert', [], EXAMPLE_STEPS, guidance), seed: 2 };
  expectSamePixels(fromPrompt, (await draw(nodeModel, wanted)).image);
  const reference = await decodedSample('house-in-snow');
  const night = { ...options('Make it night.', [reference], EXAMPLE_STEPS, guidance), seed: 2 };
  expectSamePixels(edited, (await draw(nodeModel, night)).image);
});

test('the example page shows errors, and draws after them', async () => {
  const page = example;
  await page.getByLabel('Draw').fill(' ');
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByRole('status')).toHaveText('The prompt is empty. Say in a few words what you want.');
  await page.getByLabel('Draw').fill('Make it night.');
  await page.getByLabel('from').setInputFiles('package.json');
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByRole('status')).toContainText(/Image 1 is .*picture/);
  await page.getByLabel('from').setInputFiles([]);
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByRole('status')).toHaveText('Drawn with seed 2.', { timeout: 120_000 });
});

test('a page without isolation draws on one thread, answers, converses, stops and closes', async ({
  page,
}) => {
  const plain = await serveWithLibrary('e2e/library', { isolated: false });
  await page.goto(`${plain.url}empty.html`);
  const report = await page.evaluate(async () => {
    // A variable, so that TypeScript and the bundler do not resolve the module.
    const library = '/omnigen2/omnigen2.js';
    const { OmniGen2, OmniError, pngOf }: typeof import('../src/library/omnigen2.ts') = await import(library);
    const states: string[] = [];
    const model = await OmniGen2.open({
      model: '/omnigen2/models/storybook',
      backend: 'wasm',
      onState: (state) => states.push(state.status === 'ready' ? state.device.description : state.status),
    });
    const { picture, settings } = await model.draw('a red house', {
      settings: { steps: 2, width: 64, height: 96 },
    });
    const again = await model.draw('a red house', { settings });
    const png = await pngOf(picture);
    const words: string[] = [];
    const answer = await model.ask('What is in the picture?', {
      pictures: [png],
      maxNewTokens: 20,
      onEvent: (event) => event.type === 'answering' && words.push(event.text),
    });

    const conversation = model.conversation();
    const settings64 = { steps: 2, width: 64, height: 64 };
    const drawn = await conversation.say('Draw a red house.', { settings: settings64, maxNewTokens: 20 });
    const about = await conversation.say('What is in the picture?', { maxNewTokens: 20 });
    await model.conversation().say('What is in the picture?', { pictures: [png], maxNewTokens: 2 });
    const forgot = await conversation.say('What is in the picture?', { pictures: [png], maxNewTokens: 2 });
    conversation.end();
    const ended = await conversation.say('And now?').catch((error) => error.message);
    const lora = await model
      .setAdapters([{ file: new Blob(['not weights']), name: 'notes.txt' }])
      .catch((error) => error.message);

    const stop = new AbortController();
    const stopped = model.draw('a red house', {
      signal: stop.signal,
      onEvent: (event) => event.type === 'denoising' && event.step === 2 && stop.abort('enough'),
    });
    const waiting = model.draw('a blue boat');
    const stoppedBy = await stopped.catch((reason) => reason);
    model.dispose();
    const closedBy = await waiting.catch((reason) => reason.message);
    const later = await model.ask('What is in the picture?').catch((reason) => reason.message);
    const missing = await OmniGen2.open({ model: '/omnigen2/models/none/' }).catch((error) => ({
      ours: error instanceof OmniError,
      words: error.message,
    }));
    return {
      threads: states.at(-1),
      size: [picture.width, picture.height],
      same: picture.data.every((value, i) => value === again.picture.data[i]),
      png: { type: png.type, some: png.size > 100 },
      streamed: words.length > 0 && words.at(-1) === answer.text,
      drew: { said: drawn.drew, side: drawn.picture?.width },
      about: about.text.length > 0,
      forgot: forgot.notes,
      ended,
      lora,
      stoppedBy,
      closedBy,
      later,
      missing,
    };
  });
  plain.close();
  expect(report).toMatchObject({
    threads: '1 processor thread',
    size: [64, 96],
    same: true,
    png: { type: 'image/png', some: true },
    streamed: true,
    drew: { said: true, side: 64 },
    about: true,
    forgot: [expect.stringContaining('no longer knows what was said before')],
    ended: 'This conversation has ended.',
    lora: expect.stringContaining('notes.txt'),
    stoppedBy: 'enough',
    closedBy: 'The model was closed.',
    later: 'The model was closed.',
    missing: { ours: true },
  });
});

test('the page of the guide draws, and shows why a model does not load', async ({ page }) => {
  const uncaught: string[] = [];
  page.on('pageerror', ({ message }) => uncaught.push(message));
  const [guide] =
    (await readFile('docs/guides/embed-in-a-page.md', 'utf8')).match(/(?<=```html\n).*?(?=```)/s) ?? [];
  await page.route(`${served.url}guide.html`, (route) =>
    route.fulfill({ contentType: 'text/html', body: guide }),
  );
  await page.route('**/manifest.json', (route) => route.fulfill({ status: 404 }));
  await page.goto(`${served.url}guide.html`);
  const status = page.locator('p');
  await expect(status).toContainText('manifest.json could not be read: the server answered 404. ');
  await expect(status).toContainText(/404\. .+\.$/);

  await page.unroute('**/manifest.json');
  await page.reload();
  await expect(status).toHaveText('ready', { timeout: 120_000 });
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(status).toHaveText(/^step \d+ of 20$/);
  expect(uncaught).toEqual([]);
});

test('an error while opening a model that a page catches is raised nowhere else', async ({ page }) => {
  const uncaught: string[] = [];
  page.on('pageerror', ({ message }) => uncaught.push(message));
  await page.goto(`${served.url}empty.html`);
  const caught = await page.evaluate(async () => {
    const library = '/omnigen2/omnigen2.js';
    const { OmniGen2 }: typeof import('../src/library/omnigen2.ts') = await import(library);
    // There is no GPU, so opening fails before any weights are read.
    return OmniGen2.open({ backend: 'webgpu' }).catch((error) => error.message);
  });
  expect(caught).toContain('WebGPU');
  expect(uncaught).toEqual([]);
});

test('TypeScript finds the types by a relative path, and by the URL if `paths` maps it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'library-types-'));
  await symlink(resolve('dist-library'), join(folder, 'omnigen2'));
  const compile = async (from: string, paths = {}) => {
    const uses = `import { OmniGen2 } from '${from}';\nexport const opened: Promise<OmniGen2> = OmniGen2.open({ backend: 'wasm' });\n`;
    await writeFile(
      join(folder, 'page.ts'),
      `${uses}// @ts-expect-error\nOmniGen2.open({ backend: 'gpu' });\n`,
    );
    const compilerOptions = {
      ...{ strict: true, noEmit: true, types: [], lib: ['ES2023', 'DOM'] },
      ...{ module: 'esnext', moduleResolution: 'bundler', paths },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['page.ts'] }));
    return spawnSync(resolve('node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' }).stdout;
  };
  expect(await compile('./omnigen2/omnigen2.js')).toBe('');
  expect(await compile('/omnigen2/omnigen2.js', { '/omnigen2/*': ['./omnigen2/*'] })).toBe('');
  expect(await compile('/omnigen2/omnigen2.js')).toContain('TS2307');
  await rm(folder, { recursive: true });
});

async function openExample(page: Page): Promise<void> {
  await page.goto(`${served.url}example.html`);
  await expect(page.getByRole('status')).toHaveText('Ready.', { timeout: 120_000 });
}
