/** What the browser keeps of the model, in its real storage: kept, replaced, damaged, refused, offline. */

import { createHash } from 'node:crypto';
import { expect, type Page, type Route, test } from '@playwright/test';
import { z } from 'zod';
import { StudioPage } from './studio-page.ts';

const MANIFEST = '**/models/storybook/manifest.json';
/** A small file of the model, which the tests change. */
const SMALL = 'vae/config.json';

test('weights of a model that has changed are fetched, and those before it deleted', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  const manifest = await servedManifest(page);
  const hashes = manifest.files.map(({ sha256 }) => `sha256/${sha256}`);
  expect((await keptKeys(page)).filter((key) => key.startsWith('sha256/')).sort()).toEqual(
    [...new Set(hashes)].sort(),
  );

  const changed = await changedFile(page);
  await page.route(MANIFEST, (route) => route.fulfill({ json: withFile(manifest, changed) }));
  await page.route(`**/models/storybook/${SMALL}`, (route) => route.fulfill({ body: changed.body }));
  const fetched = await modelRequests(page, async () => {
    await page.reload();
    await studio.modelReady();
  });
  expect(fetched).toEqual(['manifest.json', SMALL]);
  const keys = await keptKeys(page);
  expect(keys).toContain(`sha256/${changed.sha256}`);
  expect(keys).not.toContain(keyOf(manifest, SMALL));
});

test('a file that came damaged is refused by name, and not kept', async ({ page }) => {
  const studio = new StudioPage(page);
  const original = await served(page, SMALL);
  const damaged = Buffer.from(original);
  damaged[damaged.length - 2] ^= 1;
  await page.route(`**/models/storybook/${SMALL}`, (route) => route.fulfill({ body: damaged }));
  await studio.open();
  const notice = page.getByRole('alert');
  await expect(notice).toContainText(`${SMALL} does not have the hash`, { timeout: 60_000 });
  expect(await keptKeys(page)).not.toContain(keyOf(await servedManifest(page), SMALL));

  await page.unroute(`**/models/storybook/${SMALL}`);
  await notice.getByRole('button', { name: 'Load the model again' }).click();
  await studio.modelReady();
});

test('a file longer than it should be is refused before it has come whole', async ({ page }) => {
  const studio = new StudioPage(page);
  const original = await served(page, SMALL);
  await page.route(`**/models/storybook/${SMALL}`, (route) =>
    route.fulfill({ body: Buffer.concat([original, Buffer.alloc(100_000)]) }),
  );
  await studio.open();
  await expect(page.getByRole('alert')).toContainText(
    `${SMALL} is longer than the ${original.length} bytes it should have`,
    { timeout: 60_000 },
  );
});

for (const [what, answer] of [
  ['without a network', (route: Route) => route.abort('internetdisconnected')],
  [
    'behind the sign-in page of a network',
    (route: Route) => route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to our hotel</h1>' }),
  ],
] as const) {
  test(`${what} the model of the last visit is used`, async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    await studio.modelReady();
    await page.route('**/models/**', answer);
    await page.reload();
    await studio.modelReady();
  });
}

test('behind a sign-in page, a first visit says what came instead of the model', async ({ page }) => {
  const studio = new StudioPage(page);
  await page.route('**/models/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to our hotel</h1>' }),
  );
  await studio.open();
  await expect(page.getByRole('alert')).toContainText('sign-in page', { timeout: 60_000 });
});

test('a browser that keeps nothing draws all the same', async ({ page }) => {
  await refuseStorage(page);
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await expect(page.getByText('The browser did not keep the model').first()).toBeVisible();
  await studio.drawQuickly(2);
  await studio.make('a red house');
  await studio.result();
  const second = await modelRequests(page, async () => {
    await page.reload();
    await studio.modelReady();
  });
  expect(second.length).toBe((await servedManifest(page)).files.length + 1);
});

/** Has the page's worker find an IndexedDB that refuses to open, as some browsers' private mode does. */
async function refuseStorage(page: Page): Promise<void> {
  const refusal = `Object.defineProperty(self.indexedDB.constructor.prototype, 'open', {
    value() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
  });\n`;
  await page.route(/generation\.worker[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: refusal + (await response.text()) });
  });
}

const manifestSchema = z.object({
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number(), sha256: z.string() })),
  format: z.literal(1),
});
type Manifest = z.infer<typeof manifestSchema>;

/** A file of the model as the server has it, whatever the page is told. */
async function served(page: Page, path: string): Promise<Buffer> {
  return (await page.request.get(`/models/storybook/${path}`)).body();
}

async function servedManifest(page: Page): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse((await served(page, 'manifest.json')).toString()));
}

function keyOf({ files }: Manifest, path: string): string {
  return `sha256/${files.find((file) => file.path === path)?.sha256}`;
}

/** The small file with a space at its end: other bytes, the same meaning. */
async function changedFile(page: Page) {
  const body = Buffer.concat([await served(page, SMALL), Buffer.from(' ')]);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { path: SMALL, sizeBytes: body.length, sha256, body };
}

function withFile({ files, format }: Manifest, { path, sizeBytes, sha256 }: Manifest['files'][number]) {
  return { format, files: files.map((file) => (file.path === path ? { path, sizeBytes, sha256 } : file)) };
}

/** The keys in the page's storage of weights. */
function keptKeys(page: Page): Promise<string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('omnigen2-weights');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const all = opening.result.transaction('files').objectStore('files').getAllKeys();
          all.onerror = () => reject(all.error);
          all.onsuccess = () => {
            opening.result.close();
            resolve(all.result.map(String));
          };
        };
      }),
  );
}

/** What of the model is asked of the server while `visit` runs, by path below its folder. */
async function modelRequests(page: Page, visit: () => Promise<void>): Promise<string[]> {
  const paths: string[] = [];
  const note = (request: { url(): string }) => {
    const [, path] = request.url().split('/models/storybook/');
    if (path) paths.push(path);
  };
  page.context().on('request', note);
  await visit();
  page.context().off('request', note);
  return paths;
}
