import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FileServer, serveFolder } from './file-server.ts';

let folder: string;
let server: FileServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'served-'));
  await writeFile(join(folder, 'letters.txt'), 'abcdefghij');
  server = await serveFolder(folder);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.address}${path}`, { headers });

it('serves a whole file and parts of it to other origins', async () => {
  const whole = await get('letters.txt');
  expect(await whole.text()).toBe('abcdefghij');
  expect(whole.headers.get('access-control-allow-origin')).toBe('*');
  const part = await get('letters.txt', { range: 'bytes=2-4' });
  expect([part.status, await part.text()]).toEqual([206, 'cde']);
  expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
  expect(await (await get('letters.txt', { range: 'bytes=8-' })).text()).toBe('ij');
});

it('serves the whole file if it has changed since a part was fetched', async () => {
  const etag = (await get('letters.txt')).headers.get('etag') ?? '';
  const same = await get('letters.txt', { range: 'bytes=2-4', 'if-range': etag });
  expect([same.status, await same.text()]).toEqual([206, 'cde']);
  const changed = await get('letters.txt', { range: 'bytes=2-4', 'if-range': '"other"' });
  expect([changed.status, await changed.text()]).toEqual([200, 'abcdefghij']);
});

it('refuses what is not there, not in the folder or beyond the end', async () => {
  expect((await get('numbers.txt')).status).toBe(404);
  expect((await get('..%2F..%2Fetc%2Fpasswd')).status).toBe(404);
  expect((await get('letters.txt', { range: 'bytes=20-30' })).status).toBe(416);
});
