/** Reads the models of a storage. */

import { OmniError } from '../errors.ts';
import type { FileStore } from './files.ts';
import { MODELS, ModelFolder } from './model-folder.ts';
import type { InstalledModel } from './models.ts';
import type { ModelRecord } from './record.ts';

/** All models, by name. A folder whose record is missing or damaged is shown as a partial model. */
export async function listModels(files: FileStore): Promise<InstalledModel[]> {
  const ids = new Set((await files.list(MODELS)).map(({ path }) => path.split('/', 1)[0]));
  const models = await Promise.all(
    [...ids].map(async (id) => {
      const record = await new ModelFolder(files, id).readRecord();
      return describeModel(files, record ?? damagedRecord(id));
    }),
  );
  return models.sort((a, b) => a.name.localeCompare(b.name) || a.createdAt - b.createdAt);
}

/** @throws OmniError `bad_request` if there is no such model */
export async function readModel(files: FileStore, id: string): Promise<ModelRecord> {
  const plain = /^[a-z0-9-]+$/.test(id);
  const record = plain ? await new ModelFolder(files, id).readRecord() : undefined;
  if (record) return record;
  if (plain && (await files.list(`${MODELS}/${id}`)).length > 0) return damagedRecord(id);
  throw new OmniError({
    code: 'bad_request',
    message: `There is no installed model ${JSON.stringify(id)}.`,
    action: 'Choose one of the models on the Models page.',
  });
}

export async function describeModel(files: FileStore, record: ModelRecord): Promise<InstalledModel> {
  const { id, name, source, state, weights, createdAt, totalBytes } = record;
  const folder = new ModelFolder(files, id);
  const stored = await files.list(folder.path);
  const doneBytes = state === 'complete' ? totalBytes : await folder.doneBytes().catch(() => 0);
  return {
    id,
    name,
    source,
    state,
    sizeBytes: stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    doneBytes: Math.min(doneBytes, totalBytes),
    totalBytes,
    ...(weights && { weights }),
    createdAt,
  };
}

function damagedRecord(id: string): ModelRecord {
  return {
    format: 1,
    id,
    name: id,
    origin: { kind: 'folder' },
    source: { kind: 'folder', address: id },
    baseUrls: [],
    createdAt: 0,
    state: 'partial',
    totalBytes: 0,
  };
}
