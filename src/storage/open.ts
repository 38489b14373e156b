/** Opens the model store of a browser. */

import { workerEncoder } from '../checkpoints/conversion/encoder.web.ts';
import { OmniError } from '../errors.ts';
import type { FileStore } from './files.ts';
import { indexedDbFiles } from './files-indexeddb.web.ts';
import { opfsFiles } from './files-opfs.web.ts';
import { createModelStore } from './model-store.ts';
import type { ModelStore } from './models.ts';

const NAME = 'omnigen2-models';

/**
 * The models in the storage of this origin: in OPFS, or in IndexedDB where there is no OPFS.
 * @throws OmniError `storage` if the browser offers neither
 *
 * @example
 * const store = await openModelStore();
 * for (const { name, sizeBytes } of await store.list()) console.log(name, sizeBytes);
 */
export async function openModelStore(): Promise<ModelStore> {
  return createModelStore(await webFiles(), { encoder: () => workerEncoder() });
}

async function webFiles(): Promise<FileStore> {
  if (hasSyncAccess()) {
    const files = await opfsFiles(NAME).catch(() => undefined);
    if (files) return files;
  }
  try {
    return await indexedDbFiles(NAME);
  } catch (cause) {
    throw new OmniError({
      code: 'storage',
      message: 'The browser refuses to store models for this page.',
      action: 'Leave the private mode, or allow this page to store data, and load the page again.',
      cause,
    });
  }
}

/** Whether the browser can write into OPFS from workers. */
function hasSyncAccess(): boolean {
  return typeof FileSystemFileHandle !== 'undefined' && navigator.storage?.getDirectory !== undefined;
}
