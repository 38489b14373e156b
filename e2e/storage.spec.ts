/** Storage of the model in the browser: stored, replaced, damaged, refused, offline. */

import { createHash } from 'node:crypto';
import { expect, type Page, type Route } from '@playwright/test';
import { z } from 'zod';
import { requestsForModel, test } from './fixtures.ts';
import { StudioPage } from './studio-page.ts';

const MANIFEST = '**/models/storybook/manifest.json';
/** A small file of the model, which the tests change. */
const SMALL = 'vae/config.json';

test('changed files of a model are fetched, and their old versions deleted', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  const manifest = await servedManifest(page);
  const hashes = manifest.files.map(({ sha256 }) => `sha256/${sha256}`);
  expect((await storedKeys(page)).filter((key) => key.startsWith('sha256/')).sort()).toEqual(
    [...new Set(hashes)].sort(),
  );

  const changed = await changedFile(page);
  await page.route(MANIFEST, (route) => route.fulfill({ json: withFile(manifest, changed) }));
  await page.route(`**/models/storybook/${SMALL}`, (route) => route.fulfill({ body: changed.body }));
  const fetched = await requestsForModel(page, async () => {
    await page.reload();
    await studio.modelReady();
  });
  expect(fetched).toEqual(['manifest.json', SMALL]);
  const keys = await storedKeys(page);
  expect(keys).toContain(`sha256/${changed.sha256}`);
  expect(keys).not.toContain(keyOf(manifest, SMALL));
});

test('a damaged file is refused by name, and not stored', async ({ page }) => {
  const studio = new StudioPage(page);
  const original = await served(page, SMALL);
  const damaged = Buffer.from(original);
  damaged[damaged.length - 2] ^= 1;
  await page.route(`**/models/storybook/${SMALL}`, (route) => route.fulfill({ body: damaged }));
  await studio.open();
  const notice = page.getByRole('alert');
  await expect(notice).toContainText(`${SMALL} does not have the hash`, { timeout: 60_000 });
  expect(await storedKeys(page)).not.toContain(keyOf(await servedManifest(page), SMALL));

  await page.unroute(`**/models/storybook/${SMALL}`);
  await notice.getByRole('button', { name: 'Load the model again' }).click();
  await studio.modelReady();
});

test('a file that is too long is refused before it has arrived completely', async ({ page }) => {
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

for (const [where, answer] of [
  ['without a network', (route: Route) => route.abort('internetdisconnected')],
  [
    'behind the sign-in page of a network',
    (route: Route) => route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to our hotel</h1>' }),
  ],
] as const) {
  test(`${where} the stored model is used`, async ({ laterVisit: studio }) => {
    await studio.page.route('**/models/**', answer);
    await studio.open();
    await studio.modelReady();
  });
}

test('behind a sign-in page, a first visit says what arrived instead of the model', async ({ page }) => {
  const studio = new StudioPage(page);
  await page.route('**/models/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to our hotel</h1>' }),
  );
  await studio.open();
  await expect(page.getByRole('alert')).toContainText('sign-in page', { timeout: 60_000 });
});

test('a browser without storage still draws', async ({ page }) => {
  await refuseStorage(page);
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await expect(page.getByText('The browser did not keep the model').first()).toBeVisible();
  await studio.setSteps(1);
  await studio.draw('a red house');
  await studio.result();
  const second = await requestsForModel(page, async () => {
    await page.reload();
    await studio.modelReady();
  });
  expect(second.length).toBe((await servedManifest(page)).files.length + 1);
});

/** Makes IndexedDB fail to open in the page's worker, as in the private mode of some browsers. */
async function refuseStorage(page: Page): Promise<void> {
  const refusal = `Object.defineProperty(self.indexedDB.constructor.prototype, 'open', {
    value() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
  });\n`;
  await page.route(/model\.worker[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: refusal + (await response.text()) });
  });
}

const manifestSchema = z.object({
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number(), sha256: z.string() })),
  format: z.literal(1),
});
type Manifest = z.infer<typeof manifestSchema>;

/** A file of the model from the server, independent of the page's routes. */
async function served(page: Page, path: string): Promise<Buffer> {
  return (await page.request.get(`/models/storybook/${path}`)).body();
}

async function servedManifest(page: Page): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse((await served(page, 'manifest.json')).toString()));
}

function keyOf({ files }: Manifest, path: string): string {
  return `sha256/${files.find((file) => file.path === path)?.sha256}`;
}

/** The small file with a space appended: other bytes, the same meaning. */
async function changedFile(page: Page) {
  const body = Buffer.concat([await served(page, SMALL), Buffer.from(' ')]);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { path: SMALL, sizeBytes: body.length, sha256, body };
}

function withFile({ files, format }: Manifest, { path, sizeBytes, sha256 }: Manifest['files'][number]) {
  return { format, files: files.map((file) => (file.path === path ? { path, sizeBytes, sha256 } : file)) };
}

/** The keys in the page's database of weights. */
function storedKeys(page: Page): Promise<string[]> {
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
