/** Compares the files of a complete model with their hashes, and repairs those that differ. */

import { OmniError } from '../errors.ts';
import type { FileStore } from './files.ts';
import type { Installer } from './installer.ts';
import { ModelFolder } from './model-folder.ts';
import type { ResumeOptions, VerifyResult } from './models.ts';
import type { ModelRecord } from './record.ts';
import { hashBlob } from './sha256.ts';

/**
 * @throws OmniError `bad_checkpoint` if a file is damaged and cannot be repaired
 */
export async function verifyModel(
  installer: Pick<Installer, 'repair'>,
  files: FileStore,
  record: ModelRecord,
  { signal, onProgress }: ResumeOptions,
): Promise<VerifyResult> {
  const stored = record.files ?? [];
  const folder = new ModelFolder(files, record.id);
  const totalBytes = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  const isRight = async ({ path, sizeBytes, sha256 }: (typeof stored)[number]) => {
    const blob = await files.blob(folder.fileAt(path));
    return blob?.size === sizeBytes && (await hashBlob(signal, blob)) === sha256;
  };
  const damaged: string[] = [];
  for (const file of stored) {
    signal.throwIfAborted();
    onProgress?.({ id: record.id, phase: 'verifying', file: file.path, doneBytes, totalBytes });
    if (!(await isRight(file))) damaged.push(file.path);
    doneBytes += file.sizeBytes;
  }
  onProgress?.({ id: record.id, phase: 'verifying', doneBytes, totalBytes });
  if (damaged.length > 0) {
    await installer.repair(damaged).catch((error: unknown) => {
      throw error instanceof OmniError ? notRepaired(record.name, damaged, error) : error;
    });
  }
  for (const file of stored.filter(({ path }) => damaged.includes(path))) {
    if (await isRight(file)) continue;
    throw new OmniError({
      code: 'bad_checkpoint',
      permanent: false,
      message: `${file.path} of ${record.name} is damaged, and the source now has another version of it.`,
      action: 'Delete the model and install it again.',
    });
  }
  return { checkedFiles: stored.length, checkedBytes: totalBytes, damaged, repaired: [...damaged] };
}

function notRepaired(name: string, damaged: readonly string[], cause: OmniError): OmniError {
  const [first, ...others] = damaged;
  const what = others.length === 0 ? `${first} of ${name} is` : `${damaged.length} files of ${name} are`;
  return new OmniError({
    code: 'bad_checkpoint',
    permanent: false,
    message: `${what} damaged. ${cause.message}`,
    action: cause.action,
    cause,
  });
}
