/**
 * The service worker: keeps the page and one build of the engine for visits without a network, isolates the
 * page on hosts that cannot, and takes pictures that other apps share. Models are not its business: the page
 * stores them.
 */

import { receiveShared } from '../src/offline/shared-pictures.web.ts';
import { neededFiles, type ShellEntry, versionOf } from '../src/offline/shell.ts';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: readonly ShellEntry[] };

const ENTRIES = neededFiles(self.__WB_MANIFEST, {
  jspi: 'Suspending' in WebAssembly,
  gpu: 'gpu' in navigator,
});
const PREFIX = 'omnigen2-shell-';
const SHELL = PREFIX + versionOf(ENTRIES);
const SCOPE = self.registration.scope;

self.addEventListener('install', (event) => event.waitUntil(keepShell()));

self.addEventListener('activate', (event) => event.waitUntil(takeOver()));

self.addEventListener('message', ({ data }) => {
  if (data === 'skip waiting') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === 'POST' && url.href === `${SCOPE}share`) {
    event.respondWith(receiveShared(request, SCOPE));
  } else if (request.method === 'GET' && !request.headers.has('range')) {
    event.respondWith(answer(request, url));
  }
});

/** Stores all files of this version. Files that the version before has are copied. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(SHELL);
  for (const { url, revision } of ENTRIES) {
    const address = new URL(url, SCOPE).href;
    // A name with a hash never changes its content, so what the page has fetched just now is good.
    const known = revision === null ? await caches.match(address) : undefined;
    const how = revision === null ? 'force-cache' : 'no-cache';
    const response = known ?? (await fetch(address, { cache: how }));
    if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
    await cache.put(address, response);
  }
}

/**
 * Deletes the files of versions before, unless another tab may still run one, and controls the open pages.
 */
async function takeOver(): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const name of pages.length > 1 ? [] : await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== SHELL) await caches.delete(name);
  }
  await self.clients.claim();
}

async function answer(request: Request, url: URL): Promise<Response> {
  const isPage = request.mode === 'navigate' && (url.href.split(/[?#]/, 1)[0] ?? '') === SCOPE;
  const kept = await caches.match(isPage ? `${SCOPE}index.html` : url.href, { cacheName: SHELL });
  // A tab of a version before asks for files that only that version has.
  return isolated(kept ?? (await caches.match(url.href)) ?? (await fetch(request)));
}

/** WebAssembly threads need a cross-origin isolated page, whose documents and workers have these headers. */
function isolated(response: Response): Response {
  const { status, statusText, type } = response;
  // A redirect or an opaque answer cannot be copied.
  if (status === 0 || type === 'opaqueredirect' || response.redirected) return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const body = status === 204 || status === 304 ? null : response.body;
  return new Response(body, { status, statusText, headers });
}
