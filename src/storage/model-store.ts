/** The model store over any storage. `open.ts` opens the one of a browser. */

import { type CheckpointFolder, memoryFolder } from '../checkpoints/folder.ts';
import { OmniError } from '../errors.ts';
import type { FileStore } from './files.ts';
import { Installer, type InstallerSettings } from './installer.ts';
import { DEFAULT_WEIGHTS } from './limits.ts';
import { MODELS, ModelFolder } from './model-folder.ts';
import { idOf, nameOf } from './model-id.ts';
import { checkStored, describeModel, listModels, readModel } from './model-list.ts';
import type {
  InstalledModel,
  InstallSource,
  ModelStore,
  NewInstallOptions,
  ResumeOptions,
  StorageSpace,
  VerifyResult,
} from './models.ts';
import type { ModelRecord } from './record.ts';
import { asStorageError } from './storage-errors.ts';
import { verifyModel } from './verify.ts';

/** Opens the models in a storage. */
export function createModelStore(files: FileStore, settings: InstallerSettings = {}): ModelStore {
  return new Store(files, settings);
}

class Store implements ModelStore {
  readonly kind: ModelStore['kind'];
  readonly #files: FileStore;
  readonly #settings: InstallerSettings;

  constructor(files: FileStore, settings: InstallerSettings) {
    this.kind = files.kind;
    this.#files = files;
    this.#settings = settings;
  }

  list(): Promise<readonly InstalledModel[]> {
    return listModels(this.#files);
  }

  async install(source: InstallSource, options: NewInstallOptions): Promise<InstalledModel> {
    const weights = options.weights ?? DEFAULT_WEIGHTS;
    const id = await idOf(source, weights);
    return this.#withLock(id, async () => {
      const known = await new ModelFolder(this.#files, id).readRecord();
      const record: ModelRecord = known ?? {
        format: 1,
        id,
        name: options.name ?? nameOf(source),
        origin: storedOrigin(source),
        source: { kind: source.kind, address: '' },
        baseUrls: [],
        weights,
        createdAt: Date.now(),
        state: 'partial',
        totalBytes: 0,
      };
      const folder = source.kind === 'folder' ? source.folder : undefined;
      return this.#run(record, { ...options, ...(folder && { folder }) });
    });
  }

  resume(id: string, options: ResumeOptions): Promise<InstalledModel> {
    return this.#withLock(id, async () => this.#run(await readModel(this.#files, id), options));
  }

  verify(id: string, options: ResumeOptions): Promise<VerifyResult> {
    return this.#withLock(id, async () => {
      const record = await completeModel(this.#files, id);
      return this.#storing(record, () =>
        verifyModel(this.#installer(record, options), this.#files, record, options),
      );
    });
  }

  delete(id: string): Promise<void> {
    return this.#withLock(id, async () => {
      await checkStored(this.#files, id);
      await this.#files.delete(`${MODELS}/${id}`);
    });
  }

  async open(id: string): Promise<CheckpointFolder> {
    const { name, files } = await completeModel(this.#files, id);
    const folder = new ModelFolder(this.#files, id);
    const blobs = new Map<string, Blob>();
    for (const { path, sizeBytes } of files) {
      const blob = await this.#files.blob(folder.fileAt(path));
      if (blob?.size !== sizeBytes) throw lostFile(name, path);
      blobs.set(path, blob);
    }
    return memoryFolder(name, blobs);
  }

  async space(): Promise<StorageSpace> {
    const usedBytes = (await this.#files.list('')).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return { usedBytes, ...(await this.#files.space()) };
  }

  async #run(record: ModelRecord, options: ResumeOptions): Promise<InstalledModel> {
    const { signal } = options;
    signal.throwIfAborted();
    if (record.state === 'complete') return describeModel(this.#files, record);
    return this.#storing(record, async () =>
      describeModel(this.#files, await this.#installer(record, options).run()),
    );
  }

  #installer(record: ModelRecord, options: ResumeOptions): Installer {
    return new Installer(this.#files, record, options, this.#settings);
  }

  /** Runs work that writes. A full storage is said with the models that could be deleted. */
  async #storing<T>(record: ModelRecord, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asStorageError(error, record, await this.list().catch(() => []));
    }
  }

  async #withLock<T>(id: string, work: () => Promise<T>): Promise<T> {
    const release = await this.#files.lock(id);
    if (!release) {
      throw new OmniError({
        code: 'storage',
        permanent: false,
        message: 'This model is being installed, verified or deleted already, perhaps in another tab.',
        action: 'Wait until that has ended, or pause it there.',
      });
    }
    try {
      return await work();
    } finally {
      release();
    }
  }
}

async function completeModel(
  files: FileStore,
  id: string,
): Promise<ModelRecord & { readonly files: NonNullable<ModelRecord['files']> }> {
  const record = await readModel(files, id);
  if (record.state === 'complete' && record.files) return { ...record, files: record.files };
  throw new OmniError({
    code: 'bad_request',
    message: `${record.name} is not installed completely.`,
    action: 'Click “Resume” on the page Models.',
  });
}

/** Everything of a source that is needed to go on, without the picked folder and without a token. */
function storedOrigin(source: InstallSource): ModelRecord['origin'] {
  switch (source.kind) {
    case 'folder':
      return { kind: 'folder' };
    case 'hub':
    case 'address':
      return source;
    default:
      return source satisfies never;
  }
}

function lostFile(name: string, path: string): OmniError {
  return new OmniError({
    code: 'storage',
    message: `The browser's storage has lost ${path} of ${name}.`,
    action: 'Click “Check files” on the page Models: only that file is fetched again.',
  });
}
