/**
 * Playwright's `test` with fixtures that share what is slow to start. A page with a loaded model, a page
 * without a model and the model under Node start once a worker; tests get them reset to their first state.
 *
 * Tests about a first visit, storage or the start of the page use Playwright's own `page`, which is a new
 * browser profile.
 */

import { type Browser, type BrowserContext, test as base, type Page } from '@playwright/test';
import { openModel } from '../cli/models.ts';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { StudioPage } from './studio-page.ts';

/** A studio whose model has loaded, and the requests for files of the model that this took. */
interface LoadedStudio {
  readonly context: BrowserContext;
  readonly studio: StudioPage;
  readonly modelRequests: readonly string[];
}

interface WorkerFixtures {
  loadedStudio: LoadedStudio;
  pageWithoutModel: Page;
  nodeModel: OmniGen2Model;
}

interface TestFixtures {
  /** The studio with a loaded model, without results and with an empty form. */
  studio: StudioPage;
  /** The studio after a reload, with a model that never arrives. Nothing is stored. */
  studioWithoutModel: StudioPage;
  /** A new page in a browser profile that has stored the model, before it opens the studio. */
  laterVisit: StudioPage;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  loadedStudio: [
    async ({ browser }, use, { project }) => {
      const context = await newContext(browser, project.use.baseURL);
      const page = await context.newPage();
      const studio = new StudioPage(page);
      const modelRequests = await requestsForModel(page, async () => {
        await studio.open();
        await studio.modelReady();
      });
      await use({ context, studio, modelRequests });
      await context.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  pageWithoutModel: [
    async ({ browser }, use, { project }) => {
      const context = await newContext(browser, project.use.baseURL);
      const page = await context.newPage();
      await withholdModel(page);
      await page.goto('/');
      await use(page);
      await context.close();
    },
    { scope: 'worker' },
  ],

  nodeModel: [
    async ({ browserName: _ }, use) => {
      const model = await openModel('storybook');
      await use(model);
      await model.dispose();
    },
    { scope: 'worker' },
  ],

  studio: async ({ loadedStudio }, use) => {
    await loadedStudio.studio.reset();
    await use(loadedStudio.studio);
  },

  studioWithoutModel: async ({ pageWithoutModel }, use) => {
    await forgetVisits(pageWithoutModel);
    const studio = new StudioPage(pageWithoutModel);
    await studio.open();
    await use(studio);
    pageWithoutModel.removeAllListeners('pageerror');
  },

  laterVisit: async ({ loadedStudio }, use) => {
    const page = await loadedStudio.context.newPage();
    await use(new StudioPage(page));
    await page.close();
  },
});

function newContext(browser: Browser, baseURL: string | undefined): Promise<BrowserContext> {
  return browser.newContext({ baseURL, serviceWorkers: 'block' });
}

/** Deletes what the page keeps between visits, apart from models. The page closes its database for that. */
async function forgetVisits(page: Page): Promise<void> {
  await page.evaluate(async () => {
    localStorage.clear();
    sessionStorage.clear();
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase('omnigen2-studio');
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
    });
  });
}

/** Leaves all requests of the page for files of the model without an answer. */
export async function withholdModel(page: Page): Promise<void> {
  await page.route('**/models/**', () => undefined);
}

/** The paths that the page requests from the folder of the model while `visit` runs. */
export async function requestsForModel(page: Page, visit: () => Promise<void>): Promise<string[]> {
  const paths: string[] = [];
  const onRequest = (request: { url(): string }) => {
    const [, path] = request.url().split('/models/storybook/');
    if (path) paths.push(path);
  };
  page.context().on('request', onRequest);
  await visit();
  page.context().off('request', onRequest);
  return paths;
}
