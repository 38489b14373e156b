/** Without a network, on hosts without headers, installed, and with pictures from other apps. */

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { StudioPage, sample } from './studio-page.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** A host that sends files and no headers of isolation, under the path `/studio/`. */
class PlainHost {
  readonly #server: Server;
  #port = 0;
  requests: string[] = [];
  /** The version after this one: it has no file of this name. */
  gone: RegExp | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<PlainHost> {
    const server = createServer();
    const host = new PlainHost(server);
    server.on('request', async ({ url = '' }, response) => {
      const { pathname } = new URL(url, 'http://host');
      host.requests.push(pathname);
      const path = pathname.replace(/^\/studio\//, '');
      const file = join(resolve('dist'), path === '' ? 'index.html' : path);
      const bytes = pathname.startsWith('/studio/') ? await host.#read(path, file) : undefined;
      response.writeHead(bytes ? 200 : 404, { 'Content-Type': TYPES[extname(file)] ?? 'text/plain' });
      response.end(bytes);
    });
    await new Promise<void>((started) => server.listen(0, 'localhost', started));
    host.#port = (server.address() as AddressInfo).port;
    return host;
  }

  async #read(path: string, file: string): Promise<Buffer | string | undefined> {
    if (this.gone?.test(path)) return undefined;
    const bytes = await readFile(file).catch(() => undefined);
    if (path !== 'service-worker.js' || !this.gone) return bytes;
    // The list of files has one less.
    const entry = new RegExp(`\\{"revision":null,"url":"${this.gone.source}"\\},?`);
    return bytes?.toString().replace(entry, '');
  }

  get address(): string {
    return `http://localhost:${this.#port}/studio/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((stopped) => this.#server.close(stopped));
  }
}

const test = base.extend<{ host: PlainHost }>({
  host: async ({ browserName: _ }, use) => {
    const host = await PlainHost.start();
    await use(host);
    await host.stop().catch(() => undefined);
  },
});

test.use({ serviceWorkers: 'allow' });

test('the page starts and draws when the server is gone, isolated although it never sent headers', async ({
  page,
  host,
}) => {
  await firstVisit(page, host);
  await host.stop();
  await page.close();
  const later = new StudioPage(await page.context().newPage());
  await later.page.goto(host.address);
  await later.modelReady();
  expect(await later.page.evaluate(() => crossOriginIsolated)).toBe(true);
  await later.checksItself.uncheck();
  await later.setStepsAndSeed({ steps: 2, side: 64, seed: 3 });
  await later.draw('a red house in the snow');
  await later.result();
});

test('a second visit asks the server for nothing but the lists of files', async ({ page, host }) => {
  await firstVisit(page, host);
  host.requests = [];
  await page.reload();
  await new StudioPage(page).modelReady();
  const asked = host.requests.filter((path) => !/service-worker\.js$|manifest\.json$/.test(path));
  expect(asked).toEqual([]);
});

test('the page can be installed', async ({ page, host }) => {
  await firstVisit(page, host);
  const devtools = await page.context().newCDPSession(page);
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  // A window without history of its own is what Playwright opens.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  const { errors } = await devtools.send('Page.getAppManifest');
  expect(errors).toEqual([]);
});

test('a tab of the version before keeps its files when another tab updates', async ({ page, host }) => {
  await firstVisit(page, host);
  const other = await page.context().newPage();
  await other.goto(host.address);
  const file = await page.evaluate(async (address) => {
    const [name] = (await caches.keys()).filter((each) => each.startsWith('omnigen2-shell-'));
    const entries = await (await caches.open(name ?? '')).keys();
    return entries.find(({ url }) => /encode\.worker/.test(url))?.url.replace(address, '') ?? '';
  }, host.address);
  host.gone = new RegExp(file.replaceAll('.', '\\.'));
  await other.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await other.getByRole('button', { name: 'Reload', exact: true }).click();
  await other.waitForEvent('load');
  const found = await page.evaluate(
    async (name) => ({ status: (await fetch(name)).status, shells: (await caches.keys()).length }),
    file,
  );
  expect(found).toEqual({ status: 200, shells: 2 });
});

test('a picture that another app shares becomes image 1', async ({ page, host }) => {
  const studio = await firstVisit(page, host);
  const bytes = await readFile(sample('blue-cat'), 'base64');
  await page.evaluate(
    ([data, address]) => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', enctype: 'multipart/form-data', action: `${address}share` });
      const input = Object.assign(document.createElement('input'), { type: 'file', name: 'pictures' });
      const transfer = new DataTransfer();
      const content = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      transfer.items.add(new File([content], 'blue cat.png', { type: 'image/png' }));
      input.files = transfer.files;
      form.append(input);
      document.body.append(form);
      form.submit();
    },
    [bytes, host.address] as const,
  );
  await expect(page).toHaveURL(/#\/make$/);
  await expect(studio.references).toHaveCount(1);
  await expect(studio.references.first()).toContainText('blue cat');
});

/** Visits until the service worker controls the page, and the model is ready in it. */
async function firstVisit(page: Page, host: PlainHost): Promise<StudioPage> {
  const studio = new StudioPage(page);
  await page.goto(host.address);
  await studio.modelReady();
  // The page reloads once, because the host sends no headers of isolation.
  await page.waitForFunction(() => crossOriginIsolated, undefined, { timeout: 60_000 });
  await studio.modelReady();
  return studio;
}
