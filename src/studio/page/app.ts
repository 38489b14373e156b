/**
 * The page as an app: kept for visits without a network, updated on request, given pictures by the system.
 */

import { takeShared } from '../../offline/shared-pictures.web.ts';
import type { Notice } from '../store/state.ts';
import type { Studio } from '../store/studio.ts';

/** Id of the notice that a new version is ready. */
export const UPDATE_NOTICE = 'update';

interface LaunchQueue {
  setConsumer(consume: (launch: { readonly files?: readonly FileSystemFileHandle[] }) => void): void;
}

/**
 * Registers the service worker when the model has loaded, so that the two do not compete for the network.
 * @param addPictures receives pictures that another app shares, or that the system opens with this one
 */
export async function beApp(studio: Studio, addPictures: (files: readonly File[]) => void): Promise<void> {
  const shared = await takeShared().catch(() => []);
  if (shared.length > 0) addPictures(shared);
  const launchQueue = (globalThis as { launchQueue?: LaunchQueue }).launchQueue;
  launchQueue?.setConsumer(async ({ files = [] }) => {
    if (files.length > 0) addPictures(await Promise.all(files.map((handle) => handle.getFile())));
  });
  badgeFinishedJobs(studio);
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  await modelSettled(studio);
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    watchForUpdates(registration, studio.actions.notify);
    await isolate(studio);
  } catch (cause) {
    // The page works without it, as long as there is a network.
    console.warn(`The page is not kept for visits without a network: ${cause}`);
  }
}

/** Ends the wait of a new version. The page reloads, and jobs go on where they were. */
export async function updateApp(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
  registration?.waiting?.postMessage('skip waiting');
}

function modelSettled({ store }: Studio): Promise<void> {
  const isSettled = () => ['ready', 'failed'].includes(store.getState().model.status);
  return new Promise((resolve) => {
    if (isSettled()) return resolve();
    const end = store.subscribe(() => {
      if (!isSettled()) return;
      end();
      resolve();
    });
  });
}

function watchForUpdates(registration: ServiceWorkerRegistration, notify: (notice: Notice) => void): void {
  const offer = () => {
    // The first version of a browser has nothing to replace.
    if (registration.waiting && navigator.serviceWorker.controller) notify(NEW_VERSION);
  };
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
}

/**
 * On a host without the headers of isolation the service worker adds them, from the next load on. Reloads
 * once, if nothing is being done.
 */
async function isolate({ store }: Studio): Promise<void> {
  if (crossOriginIsolated || sessionStorage.getItem(RELOADED)) return;
  await navigator.serviceWorker.ready;
  const { running, queue, form } = store.getState();
  if (running !== undefined || queue.length > 0 || form.prompt !== '') return;
  sessionStorage.setItem(RELOADED, 'yes');
  location.reload();
}

const RELOADED = 'reloaded for isolation';

/** Shows a mark on the icon of the app when a picture is ready while the page is hidden. */
function badgeFinishedJobs({ store }: Studio): void {
  store.subscribe(({ running, jobs }, before) => {
    if (running === before.running || !document.hidden) return;
    const ended = jobs.find(({ id }) => id === before.running);
    if (ended?.state.status === 'done') void navigator.setAppBadge?.().catch(() => undefined);
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void navigator.clearAppBadge?.().catch(() => undefined);
  });
}

const NEW_VERSION: Notice = {
  id: UPDATE_NOTICE,
  tone: 'good',
  title: 'A new version is ready',
  text: 'It starts when you reload. Drawings go on where they were.',
  action: { kind: 'update' },
};
