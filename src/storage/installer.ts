/** One install, from the listing of the source to the complete model. */

import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import type { BandEncoder } from '../checkpoints/conversion/band-encoder.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { OmniError } from '../errors.ts';
import { ConvertedInstall } from './convert-source.ts';
import { downloadFile } from './download.ts';
import type { FileStore } from './files.ts';
import type { InstallContext } from './install-context.ts';
import { PARALLEL_REQUESTS } from './limits.ts';
import { listSource } from './listing.ts';
import { type InstallJournal, ModelFolder } from './model-folder.ts';
import { DEFAULT_HUB, type InstallPhase, type ResumeOptions } from './models.ts';
import { eachInParallel } from './parallel.ts';
import type { ListedFile, ModelRecord, StoredFile } from './record.ts';
import { FileChanged, type TransportLimits, type TransportOptions } from './transport.ts';

export interface InstallerSettings {
  /** Starts what encodes converted weights. Default: the calling thread encodes. */
  readonly encoder?: () => BandEncoder;
  readonly transport?: Partial<TransportLimits>;
  /** Default: `FLUSH_BYTES`. */
  readonly flushBytes?: number;
}

export class Installer {
  readonly #files: FileStore;
  readonly #folder: ModelFolder;
  readonly #options: ResumeOptions;
  readonly #settings: InstallerSettings;
  #record: ModelRecord;
  #phase: InstallPhase = 'listing';
  #doneBytes = 0;
  #installedBytes: number | undefined;

  constructor(files: FileStore, record: ModelRecord, options: ResumeOptions, settings: InstallerSettings) {
    this.#files = files;
    this.#folder = new ModelFolder(files, record.id);
    this.#record = record;
    this.#options = options;
    this.#settings = settings;
  }

  /** @returns the record of the complete model */
  async run(): Promise<ModelRecord> {
    this.#report();
    await this.#list();
    const journal = await this.#folder.openJournal();
    let files: readonly StoredFile[];
    try {
      files = this.#record.kind === 'bundle' ? await this.#download(journal) : await this.#convert(journal);
    } catch (error) {
      await this.#listAgainAfter(error);
      throw error;
    } finally {
      await journal.close();
    }
    this.#set('verifying');
    await this.#checkOpens(files);
    const { listing: _, ...rest } = this.#record;
    // A bundle's listing is its files; a checkpoint's listing is needed for repairs.
    const record: ModelRecord = {
      ...(this.#record.kind === 'bundle' ? rest : this.#record),
      state: 'complete',
      files: [...files],
    };
    await this.#folder.writeRecord(record);
    await this.#folder.deleteTraces();
    return record;
  }

  /** Fetches or converts files of a complete model again, and nothing else. */
  async repair(paths: readonly string[]): Promise<void> {
    if (this.#record.origin.kind === 'folder' && !this.#options.folder) throw folderNeeded(this.#record.name);
    const journal = await this.#folder.openJournal();
    try {
      const context = this.#context(journal);
      const files = (this.#record.files ?? []).filter(({ path }) => paths.includes(path));
      this.#record = {
        ...this.#record,
        totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      };
      for (const { path } of files) await this.#files.delete(this.#folder.fileAt(path));
      if (this.#record.kind === 'bundle') await this.#fetchAll(context, files);
      else await this.#conversion(context).repair(paths);
    } finally {
      await journal.close();
    }
    await this.#folder.deleteTraces();
  }

  async #list(): Promise<void> {
    const { origin, kind } = this.#record;
    const { signal, folder } = this.#options;
    if (origin.kind === 'folder') {
      if (!folder) throw folderNeeded(this.#record.name);
      this.#record = {
        ...this.#record,
        kind: 'checkpoint',
        source: { kind: 'folder', address: folder.name },
      };
      return this.#folder.writeRecord(this.#record);
    }
    // The files of a commit never change, and changes of a checkpoint are noticed file by file. The manifest
    // of a bundle is read again, because its hashes say which of the stored files are still right.
    if (this.#record.listing && (kind === 'checkpoint' || origin.kind === 'hub')) return;
    const before = new Map(this.#record.listing?.map((file) => [file.path, file.sha256]));
    const listed = await listSource(signal, origin, this.#transport());
    const { weights, ...rest } = this.#record;
    this.#record = {
      ...rest,
      ...(listed.kind === 'checkpoint' && { weights }),
      kind: listed.kind,
      source: { kind: origin.kind, address: listed.address },
      baseUrls: [...listed.baseUrls],
      listing: [...listed.files],
      totalBytes:
        listed.kind === 'bundle' ? listed.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : 0,
    };
    const changed = listed.files.filter(
      ({ path, sha256 }) => before.has(path) && before.get(path) !== sha256,
    );
    for (const { path } of changed) await this.#folder.forget(path);
    await this.#folder.writeRecord(this.#record);
  }

  /** A source whose files have other sizes than listed is listed again by the next run. */
  async #listAgainAfter(error: unknown): Promise<void> {
    if (!(error instanceof OmniError) || !(error.cause instanceof FileChanged)) return;
    const { listing: _, ...rest } = this.#record;
    this.#record = rest;
    await this.#folder.writeRecord(rest);
  }

  async #download(journal: InstallJournal): Promise<StoredFile[]> {
    return this.#fetchAll(this.#context(journal), this.#record.listing ?? []);
  }

  /**
   * Fetches files that are not finished, small ones first: a wrong source shows before its weights arrive.
   */
  async #fetchAll(context: InstallContext, listed: readonly ListedFile[]): Promise<StoredFile[]> {
    this.#set('downloading');
    const finished = new Map<string, StoredFile>();
    const order = [...listed].sort((a, b) => a.sizeBytes - b.sizeBytes);
    await eachInParallel(this.#options.signal, order, PARALLEL_REQUESTS, async (signal, file) => {
      const { path, sizeBytes } = file;
      const known = context.journal.get(path)?.sha256;
      const done = file.sha256 === undefined || known === file.sha256 ? known : undefined;
      if (done !== undefined) this.#advance(sizeBytes, path);
      const sha256 =
        done ?? (await downloadFile(signal, context, file, (bytes) => this.#advance(bytes, path)));
      finished.set(path, { path, sizeBytes, sha256 });
    });
    return [...finished.values()];
  }

  async #convert(journal: InstallJournal): Promise<StoredFile[]> {
    const { files, totalBytes } = await this.#conversion(this.#context(journal)).run();
    this.#record = { ...this.#record, totalBytes };
    return [...files];
  }

  #conversion(context: InstallContext): ConvertedInstall {
    return new ConvertedInstall(this.#options.signal, context, this.#record, this.#options.folder, {
      begin: async (totalBytes, installedBytes) => {
        this.#installedBytes = installedBytes;
        this.#record = { ...this.#record, totalBytes };
        await this.#folder.writeRecord(this.#record);
        this.#set('converting');
      },
      at: (doneBytes, file) => {
        this.#doneBytes = doneBytes;
        this.#report(file);
      },
    });
  }

  #context(journal: InstallJournal): InstallContext {
    const { encoder, flushBytes } = this.#settings;
    return {
      folder: this.#folder,
      journal,
      baseUrls: this.#record.baseUrls,
      transport: this.#transport(),
      note: (words) => this.#report(undefined, words),
      ...(encoder && { encoder }),
      ...(flushBytes !== undefined && { flushBytes }),
    };
  }

  #transport(): TransportOptions {
    const { token } = this.#options;
    const origin = originOf(this.#record.origin);
    return {
      onWait: (words) => this.#report(undefined, words, 'waiting'),
      ...(this.#settings.transport && { limits: this.#settings.transport }),
      ...(token !== undefined && origin !== undefined && { token: { value: token, origin } }),
    };
  }

  /** Opens the checkpoint, so that a model that is complete can be loaded. */
  async #checkOpens(files: readonly StoredFile[]): Promise<void> {
    const blobs = new Map<string, Blob>();
    for (const { path } of files) {
      const blob = await this.#files.blob(this.#folder.fileAt(path));
      if (blob) blobs.set(path, blob);
    }
    await openCheckpoint(memoryFolder(this.#record.name, blobs));
  }

  #set(phase: InstallPhase): void {
    this.#phase = phase;
    this.#report();
  }

  #advance(bytes: number, file: string): void {
    this.#doneBytes += bytes;
    this.#report(file);
  }

  #report(file?: string, note?: string, phase: InstallPhase = this.#phase): void {
    const { id, totalBytes } = this.#record;
    this.#options.onProgress?.({
      id,
      phase,
      doneBytes: this.#doneBytes,
      totalBytes,
      ...(this.#installedBytes !== undefined && { installedBytes: this.#installedBytes }),
      ...(file !== undefined && { file }),
      ...(note !== undefined && { note }),
    });
  }
}

function originOf(origin: ModelRecord['origin']): string | undefined {
  if (origin.kind === 'folder') return undefined;
  return new URL(origin.kind === 'hub' ? (origin.host ?? DEFAULT_HUB) : origin.url).origin;
}

function folderNeeded(name: string): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: `${name} was installed from a folder, which the browser has closed.`,
    action: 'Pick the same folder again.',
  });
}
