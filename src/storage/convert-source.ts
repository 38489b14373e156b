/** Converts a checkpoint into a model's folder while it is read, from the web or from a picked folder. */

import { type Checkpoint, openCheckpoint } from '../checkpoints/checkpoint.ts';
import { startConversion } from '../checkpoints/conversion/execute.ts';
import { planConversion } from '../checkpoints/conversion/plan.ts';
import type { CheckpointFolder } from '../checkpoints/folder.ts';
import { MANIFEST_FILE, parseManifest } from '../checkpoints/manifest.ts';
import { OmniError } from '../errors.ts';
import { readBlob } from './blobs.ts';
import { copyFiles, usedFiles } from './copy-source.ts';
import { storageWriter } from './folder-writer.ts';
import type { InstallContext } from './install-context.ts';
import { CONVERSION_FLUSH_BYTES, DEFAULT_WEIGHTS } from './limits.ts';
import { CONVERTED } from './model-folder.ts';
import type { ModelRecord, StoredFile } from './record.ts';
import { isWeights, RemoteFolder } from './remote-folder.ts';
import { FileChanged } from './transport.ts';

/** How often files may change on the server during one run. */
const RESTARTS = 2;

interface ConversionHooks {
  /** Called when the sizes of the source and of the result are known. */
  begin(totalBytes: number, installedBytes: number): Promise<void>;
  /** Called when more bytes of the source are converted. */
  at(doneBytes: number, file: string | undefined): void;
}

export class ConvertedInstall {
  readonly #signal: AbortSignal;
  readonly #context: InstallContext;
  readonly #record: ModelRecord;
  readonly #source: CheckpointFolder | RemoteFolder;
  readonly #hooks: ConversionHooks;

  /** @param picked the picked folder; without it the source is read from the web */
  constructor(
    signal: AbortSignal,
    context: InstallContext,
    record: ModelRecord,
    picked: CheckpointFolder | undefined,
    hooks: ConversionHooks,
  ) {
    this.#signal = signal;
    this.#context = context;
    this.#record = record;
    this.#hooks = hooks;
    this.#source = picked ?? new RemoteFolder(signal, record.name, context, record.listing ?? []);
  }

  async run(): Promise<{ files: readonly StoredFile[]; totalBytes: number }> {
    return this.#restarting(() => this.#execute([]));
  }

  /** Converts files again, and nothing else. */
  async repair(paths: readonly string[]): Promise<void> {
    await this.#restarting(() => this.#execute(paths));
  }

  async #execute(again: readonly string[]): Promise<{ files: readonly StoredFile[]; totalBytes: number }> {
    const { folder, journal, flushBytes, encoder } = this.#context;
    const source = this.#source;
    const checkpoint = await openCheckpoint(source);
    const remote = source instanceof RemoteFolder ? source : undefined;
    const plan = await planConversion(checkpoint, {
      weights: this.#record.weights ?? DEFAULT_WEIGHTS,
      ...(remote && { sourceVersion: remote.versionOfWeights() }),
    }).catch(unlessConverted);
    if (!plan) return this.#copy(checkpoint, again);
    await this.#hooks.begin(plan.beforeBytes, plan.afterBytes);
    const filesAt = `${folder.path}/files`;
    const writer = storageWriter(this.#signal, folder.files, filesAt, `${folder.path}/conversion`);
    const conversion = await startConversion(plan, writer, again);
    remote?.expect(conversion.reads);
    let noted = conversion.doneBytes;
    const note = async () => journal.add({ file: CONVERTED, bytes: noted });
    await note();
    this.#hooks.at(noted, undefined);
    const own = encoder?.();
    try {
      await conversion.run(
        this.#signal,
        ({ doneBytes, file }) => {
          noted = doneBytes;
          this.#hooks.at(doneBytes, file);
        },
        { flushBytes: flushBytes ?? CONVERSION_FLUSH_BYTES, ...(own && { encoder: own }) },
      );
    } finally {
      await own?.close();
      // A storage that has failed fails here, too; the first error counts.
      await note().catch(() => undefined);
    }
    this.#hooks.at(plan.beforeBytes, undefined);
    return { files: await this.#converted(), totalBytes: plan.beforeBytes };
  }

  /** Stores a checkpoint that has the wanted format already. */
  async #copy(
    checkpoint: Checkpoint,
    again: readonly string[],
  ): Promise<{ files: readonly StoredFile[]; totalBytes: number }> {
    const files = usedFiles(checkpoint);
    await this.#hooks.begin(checkpoint.sizeBytes, checkpoint.sizeBytes);
    let doneBytes = 0;
    const stored = await copyFiles(
      this.#signal,
      this.#context,
      again.length > 0 ? files.filter(({ path }) => again.includes(path)) : files,
      this.#source instanceof RemoteFolder ? undefined : this.#source,
      (bytes, file) => {
        doneBytes += bytes;
        this.#hooks.at(doneBytes, file);
      },
    );
    return { files: stored, totalBytes: checkpoint.sizeBytes };
  }

  /** The files that the conversion wrote, with their hashes, by its manifest. */
  async #converted(): Promise<readonly StoredFile[]> {
    const { folder } = this.#context;
    const blob = await folder.files.blob(folder.fileAt(MANIFEST_FILE));
    if (!blob) throw new Error('a conversion writes a manifest');
    const json: unknown = JSON.parse(new TextDecoder().decode(await readBlob(blob)));
    return parseManifest(json, 'of the conversion').files;
  }

  /**
   * Runs `work` again if a file has changed on the server. The journal of the conversion names the versions
   * of all weight files, so the whole conversion starts over if one of them has changed.
   */
  async #restarting<T>(work: () => Promise<T>): Promise<T> {
    for (let restarts = 0; ; restarts++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof FileChanged) || !(this.#source instanceof RemoteFolder)) throw error;
        if (restarts === RESTARTS) throw changing(error);
        const next = isWeights(error.path) ? 'The whole conversion starts over' : 'It is read again';
        this.#context.note(`${error.message}. ${next}.`);
        await this.#source.forget(error.path);
      }
    }
  }
}

/** Undefined if a plan was refused because nothing would change. */
function unlessConverted(error: unknown): undefined {
  if (error instanceof OmniError && error.code === 'bad_request') return undefined;
  throw error;
}

function changing(error: FileChanged): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    permanent: false,
    message: `${error.path} ${error.words}, again and again.`,
    action: 'Try again later, or choose another source of the model.',
    cause: error,
  });
}
