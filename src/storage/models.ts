/**
 * The interface of the model store: models that are installed in the browser's storage, side by side.
 *
 * A model comes from a hub, from any web address, or from a folder that the person picks. A checkpoint in
 * the official layout is converted while it downloads, so the original is never stored. A bundle (a converted
 * checkpoint with `manifest.json`) is stored as it is.
 *
 * Everything that is finished stays: an install that was paused, or whose tab was closed or crashed, goes on
 * with `resume` where it stopped. A byte is finished when it is written, flushed and noted in the journal of
 * the install; that happens every few megabytes. The server is never asked for a finished byte again.
 *
 * Every file of a bundle is compared with its SHA-256. The weights of a checkpoint that is converted are read
 * in the order of the conversion, so only their sizes, versions, headers and values are checked.
 *
 * `install`, `resume` and `verify` belong into a worker, because they write through sync access handles.
 * `list`, `open` and `delete` work anywhere.
 */

import type { WeightFormat } from '../checkpoints/conversion/plan.ts';
import type { CheckpointFolder } from '../checkpoints/folder.ts';

/** Where a model is installed from. */
export type InstallSource =
  /** A repository of a model hub. */
  | {
      readonly kind: 'hub';
      /** `owner/name`. */
      readonly repository: string;
      /** Branch, tag or commit. Default: `main`. The install keeps the commit that it found. */
      readonly revision?: string;
      /** Origin of the hub. Default: {@link DEFAULT_HUB}. */
      readonly host?: string;
    }
  /** A folder on a web server: a bundle if it has a `manifest.json`, else a checkpoint. */
  | {
      readonly kind: 'address';
      /** Address of the folder. */
      readonly url: string;
      /** Addresses of folders with the same files. They are tried in turn if `url` fails. */
      readonly mirrors?: readonly string[];
    }
  /**
   * A folder that the person picked or dropped. It is converted into the storage, or copied if it is
   * converted.
   */
  | { readonly kind: 'folder'; readonly folder: CheckpointFolder };

/** The hub that `owner/name` means. */
export const DEFAULT_HUB = 'https://huggingface.co';

/** What an install does at the moment. */
export type InstallPhase =
  /** It finds out which files there are. */
  | 'listing'
  | 'downloading'
  /** It converts what arrives. */
  | 'converting'
  /** It reads stored files and compares their hashes. */
  | 'verifying'
  /** It waits before it asks a server again. `note` says why. */
  | 'waiting';

/** Progress of an install. */
export interface InstallProgress {
  readonly id: string;
  readonly phase: InstallPhase;
  /** The file that is read or written. */
  readonly file?: string;
  /** Bytes of the source that are finished or fetched, out of `totalBytes`. Both are 0 while `listing`. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Size of the model once it is installed, if known. */
  readonly installedBytes?: number;
  /** A sentence for the person: why it waits, or what starts again. It comes with any phase. */
  readonly note?: string;
}

export interface InstallOptions {
  /** Stops the install. What is finished stays, and `resume` goes on. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: InstallProgress) => void;
  /** Access token for gated repositories. It is kept in memory, and sent only to the origin of the source. */
  readonly token?: string;
}

export interface NewInstallOptions extends InstallOptions {
  /** Format of the weights if the source is converted. Default: `q4`. */
  readonly weights?: WeightFormat;
  /** Name for the person. Default: from the source. */
  readonly name?: string;
}

export interface ResumeOptions extends InstallOptions {
  /** The folder, again, if the model is installed from a picked folder. */
  readonly folder?: CheckpointFolder;
}

/** Where a stored model came from, as it is stored and shown. Contains no token. */
export interface StoredSource {
  readonly kind: InstallSource['kind'];
  /** `owner/name@commit`, an address, or the name of the folder. */
  readonly address: string;
}

/** A model in the store. */
export interface InstalledModel {
  /** Names the model in this store. */
  readonly id: string;
  readonly name: string;
  /** Absent if `damaged`. */
  readonly source?: StoredSource;
  /** `partial` until all files are there; `damaged` if its record cannot be read: it can only be deleted. */
  readonly state: 'complete' | 'partial' | 'damaged';
  /** Bytes in the storage. */
  readonly sizeBytes: number;
  /**
   * Finished bytes of the source, out of `totalBytes`. Equal if complete; both 0 if the listing is missing.
   */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Format that the weights are converted to, or undefined for a bundle. */
  readonly weights?: WeightFormat;
  /** When it was created, in milliseconds since 1970. */
  readonly createdAt: number;
}

/** Result of {@link ModelStore.verify}. */
export interface VerifyResult {
  readonly checkedFiles: number;
  readonly checkedBytes: number;
  /** Files that were damaged or missing, by path. */
  readonly damaged: readonly string[];
  /** Those of `damaged` that were fetched, or converted, again. */
  readonly repaired: readonly string[];
}

/** Use of the storage, in bytes. The quota is what the browser says; it may refuse earlier. */
export interface StorageSpace {
  readonly usedBytes: number;
  readonly quotaBytes?: number;
  /** Whether the browser has promised not to delete the storage by itself. */
  readonly persisted?: boolean;
}

/** The models in a storage. */
export interface ModelStore {
  /** What holds the files: OPFS, IndexedDB where there is no OPFS, or a folder on disk (Node). */
  readonly kind: 'opfs' | 'indexeddb' | 'disk';

  /** All models, partial ones included, by name. */
  list(): Promise<readonly InstalledModel[]>;

  /**
   * Installs a model. If the same source is installed already, it goes on with that, or returns it.
   * @throws OmniError `bad_request` for an address that cannot be one, `bad_checkpoint`, `unreachable`, or
   *   `storage` if the storage is full (the action names what to delete) or the model is being installed in
   *   another tab; `AbortError` if `signal` is aborted
   *
   * @example
   * const store = await openModelStore();
   * const model = await store.install(parseInstallSource('OmniGen2/OmniGen2'), {
   *   signal,
   *   onProgress: ({ doneBytes, totalBytes }) => console.log(`${doneBytes} of ${totalBytes} bytes`),
   * });
   * const checkpoint = await openCheckpoint(await store.open(model.id));
   */
  install(source: InstallSource, options: NewInstallOptions): Promise<InstalledModel>;

  /**
   * Goes on with a partial model. A complete one is returned as it is.
   * @throws OmniError as `install`; `bad_request` if there is no such model, or its folder is not given;
   *   `storage` if it is `damaged`
   */
  resume(id: string, options: ResumeOptions): Promise<InstalledModel>;

  /**
   * Reads every file of a complete model and compares its hash. A damaged file is fetched or converted again,
   * and nothing else is.
   * @throws OmniError `bad_checkpoint` if a file is damaged and cannot be repaired; `bad_request` if there is
   *   no such model, or it is partial; `storage`; `AbortError`
   */
  verify(id: string, options: ResumeOptions): Promise<VerifyResult>;

  /**
   * Deletes a model with all its files.
   * @throws OmniError `storage` if it is being installed
   */
  delete(id: string): Promise<void>;

  /**
   * A complete model as a checkpoint folder. Its files are Blobs that are read in place.
   * @throws OmniError `bad_request` if there is no such model, or it is partial; `storage` if it is `damaged`
   */
  open(id: string): Promise<CheckpointFolder>;

  space(): Promise<StorageSpace>;
}
