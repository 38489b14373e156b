/** Reads stored Blobs. */

import { OmniError } from '../errors.ts';

/** @throws OmniError `storage` if the browser has lost the bytes */
export async function readBlob(blob: Blob, path = 'A stored file'): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new OmniError({
      code: 'storage',
      message: `${path} cannot be read from the browser's storage.`,
      action: 'Click “Check files” on the page Models, or delete the model and install it again.',
      cause,
    });
  }
}
