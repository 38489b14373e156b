/** Errors of the storage, in words. */

import { OmniError } from '../errors.ts';
import { isStorageFull } from './files.ts';
import type { InstalledModel } from './models.ts';
import type { ModelRecord } from './record.ts';

/** Models that a message names. */
const NAMED = 3;

/** The error to throw in place of `thrown`: in words if the storage is full or failed. */
export function asStorageError(
  thrown: unknown,
  record: ModelRecord,
  models: readonly InstalledModel[],
): unknown {
  if (thrown instanceof OmniError) return thrown;
  if (isStorageFull(thrown)) return storageFull(record, models, thrown);
  if (!isStorageFailure(thrown)) return thrown;
  return new OmniError({
    code: 'storage',
    permanent: false,
    message: `The storage failed while ${record.name} was being written: ${thrown.message}`.replace(
      /\.?$/,
      '.',
    ),
    action: `Click ${againButton(record)}. If the error stays, delete the model and install it again.`,
    cause: thrown,
  });
}

function storageFull(record: ModelRecord, models: readonly InstalledModel[], cause: unknown): OmniError {
  const others = models
    .filter(({ id }) => id !== record.id)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, NAMED)
    .map(({ name, sizeBytes }) => `${name} (${sizeWords(sizeBytes)})`);
  const again = `free space on the disk, and click ${againButton(record)}.`;
  return new OmniError({
    code: 'storage',
    permanent: false,
    message: `The storage of the browser is full; what has arrived of ${record.name} is kept.`,
    action: others.length > 0 ? `Delete ${others.join(' or ')}, or ${again}` : again.replace(/^f/, 'F'),
    cause,
  });
}

/** The button of the model's row that does the interrupted work again. */
function againButton({ state }: ModelRecord): string {
  return state === 'complete' ? '“Check files”' : '“Resume”';
}

/** Whether a browser or a disk reports a failure of its own, rather than a defect of this program. */
function isStorageFailure(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error) || thrown.name === 'AbortError') return false;
  const ofBrowser = typeof DOMException !== 'undefined' && thrown instanceof DOMException;
  return ofBrowser || ('code' in thrown && typeof thrown.code === 'string' && /^E[A-Z]+$/.test(thrown.code));
}

export function sizeWords(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
