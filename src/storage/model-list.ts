/** Reads the models of a storage. */

import { OmniError } from '../errors.ts';
import type { FileStore } from './files.ts';
import { MODELS, ModelFolder } from './model-folder.ts';
import type { InstalledModel } from './models.ts';
import type { ModelRecord } from './record.ts';

/** All models, by name. A folder without a readable record is listed as `damaged`. */
export async function listModels(files: FileStore): Promise<InstalledModel[]> {
  const ids = new Set((await files.list(MODELS)).map(({ path }) => path.split('/', 1)[0]));
  const models = await Promise.all(
    [...ids].map(async (id) => {
      const record = await new ModelFolder(files, id).readRecord();
      return record ? describeModel(files, record) : damagedModel(files, id);
    }),
  );
  return models.sort((a, b) => a.name.localeCompare(b.name) || a.createdAt - b.createdAt);
}

/** @throws OmniError `bad_request` if there is no such model; `storage` if its record cannot be read */
export async function readModel(files: FileStore, id: string): Promise<ModelRecord> {
  await checkStored(files, id);
  const record = await new ModelFolder(files, id).readRecord();
  if (record) return record;
  throw new OmniError({
    code: 'storage',
    message: `What is stored of ${id} is damaged.`,
    action: 'Delete it and install it again.',
  });
}

/** @throws OmniError `bad_request` if nothing is stored of the model */
export async function checkStored(files: FileStore, id: string): Promise<void> {
  if (/^[a-z0-9-]+$/.test(id) && (await files.list(`${MODELS}/${id}`)).length > 0) return;
  throw new OmniError({
    code: 'bad_request',
    message: `There is no installed model ${JSON.stringify(id)}.`,
    action: 'Choose one of the models on the page Models.',
  });
}

export async function describeModel(files: FileStore, record: ModelRecord): Promise<InstalledModel> {
  const { id, name, source, state, weights, createdAt, totalBytes } = record;
  const folder = new ModelFolder(files, id);
  const doneBytes = state === 'complete' ? totalBytes : await folder.doneBytes().catch(() => 0);
  return {
    id,
    name,
    source,
    state,
    sizeBytes: await storedBytes(files, id),
    doneBytes: Math.min(doneBytes, totalBytes),
    totalBytes,
    ...(weights && { weights }),
    createdAt,
  };
}

async function damagedModel(files: FileStore, id: string): Promise<InstalledModel> {
  const sizeBytes = await storedBytes(files, id);
  return { id, name: id, state: 'damaged', sizeBytes, doneBytes: 0, totalBytes: 0, createdAt: 0 };
}

async function storedBytes(files: FileStore, id: string): Promise<number> {
  const stored = await files.list(new ModelFolder(files, id).path);
  return stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
