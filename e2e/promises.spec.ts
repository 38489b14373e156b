/**
 * What SECURITY.md promises of the page: nothing leaves the device, what is kept can be deleted, licences are
 * served.
 */

import { expect, type Page, test } from '@playwright/test';
import { StudioPage } from './studio-page.ts';

const WORD = 'lighthouse';

test('a drawing sends nothing, and is kept in the database of the studio alone', async ({
  page,
  baseURL,
}) => {
  const requests: string[] = [];
  page.context().on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http')) requests.push(`${request.method()} ${url.origin}${url.pathname}`);
    expect(decodeURIComponent(`${url.search}${request.postData() ?? ''}`)).not.toContain(WORD);
  });
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.setSteps(2);
  await studio.draw(`a ${WORD}`);
  await studio.result();

  expect(requests.length).toBeGreaterThan(10);
  expect(requests.filter((request) => !request.startsWith(`GET ${baseURL}/`))).toEqual([]);
  const stored = await storedValues(page);
  expect(stored.databases.toSorted()).toEqual(['omnigen2-studio', 'omnigen2-weights']);
  expect(stored.keys['omnigen2-weights']?.filter((key) => !/^(sha256|manifest)\//.test(key))).toEqual([]);
  // One job with its events and its picture.
  expect(new Set(stored.keys['omnigen2-studio']?.map((key) => key.split(',')[0])).size).toBe(2);
  // The words of the form, which come back after a reload.
  expect(stored.text).toContain(WORD);
});

test('the page links to the licences of the software in it', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Licences of third-party software' }).click();
  const text = (await page.locator('body').textContent()) ?? '';
  const wanted = ['Apache License', 'exifreader 4', 'Mozilla Public License Version 2.0', 'SIL OPEN FONT'];
  // The last one shows that the browser reads the file as UTF-8.
  expect([...wanted, '©'].filter((words) => !text.includes(words))).toEqual([]);
});

/**
 * The names of all databases, the keys of their entries, and the text in localStorage, sessionStorage and
 * cookies.
 */
function storedValues(page: Page) {
  return page.evaluate(async () => {
    const databases: string[] = [];
    const keys: Record<string, string[]> = {};
    for (const { name } of await indexedDB.databases()) {
      if (!name) continue;
      databases.push(name);
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of database.objectStoreNames) {
        const found = await new Promise<IDBValidKey[]>((resolve, reject) => {
          const request = database.transaction(store).objectStore(store).getAllKeys();
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        keys[name] = [...(keys[name] ?? []), ...found.map(String)];
      }
      database.close();
    }
    const text = JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]);
    return { databases, keys, text };
  });
}
