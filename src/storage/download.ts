/**
 * Downloads whole files into a model's folder: resumed at the next byte, checked by hash, from several
 * servers.
 */

import { OmniError } from '../errors.ts';
import { type OpenFile, PARTIAL } from './files.ts';
import type { InstallContext } from './install-context.ts';
import { FLUSH_BYTES } from './limits.ts';
import type { ListedFile } from './record.ts';
import { hashBlob, hashFile, type Sha256, startSha256 } from './sha256.ts';
import { FileChanged, fetchRange, type RemoteFile } from './transport.ts';
import { shownUrl } from './transport-errors.ts';
import { fileUrl } from './urls.ts';

/** How often a file is started again on one server before it is given up. */
const RESTARTS = 1;

/** A file is complete, but its bytes are not the right ones. */
class WrongBytes extends Error {}

/**
 * Downloads one file. It goes on where the journal says, and adds to the journal.
 * @param advance called with the number of bytes that are new; negative if the file starts again
 * @returns SHA-256 of the file
 * @throws OmniError `unreachable`, or `bad_checkpoint` if no server has the right bytes; `AbortError`
 */
export async function downloadFile(
  signal: AbortSignal,
  context: InstallContext,
  listed: ListedFile,
  advance: (bytes: number) => void,
): Promise<string> {
  const { folder, journal } = context;
  const target = folder.fileAt(listed.path);
  const moved = await movedBeforeCrash(signal, context, listed);
  if (moved !== undefined) {
    advance(listed.sizeBytes);
    return moved;
  }
  const file = await folder.files.open(target + PARTIAL);
  let sha256: string;
  try {
    sha256 = await new Download(signal, context, listed, file, advance).run();
    await file.flush();
  } finally {
    await file.close();
  }
  await folder.files.move(target + PARTIAL, target);
  await journal.add({ file: listed.path, bytes: listed.sizeBytes, sha256 });
  return sha256;
}

/** The hash of a file that was moved to its place by an install that ended before it noted so. */
async function movedBeforeCrash(
  signal: AbortSignal,
  { folder, journal }: InstallContext,
  { path, sizeBytes, sha256 }: ListedFile,
): Promise<string | undefined> {
  const blob = await folder.files.blob(folder.fileAt(path));
  if (blob?.size !== sizeBytes || sha256 === undefined) return undefined;
  if ((await hashBlob(signal, blob)) !== sha256) return undefined;
  await journal.add({ file: path, bytes: sizeBytes, sha256 });
  return sha256;
}

class Download {
  readonly #signal: AbortSignal;
  readonly #context: InstallContext;
  readonly #listed: ListedFile;
  readonly #file: OpenFile;
  readonly #advance: (bytes: number) => void;
  #hash!: Sha256;
  #at = 0;
  #journalled = 0;
  #remote: RemoteFile;

  constructor(
    signal: AbortSignal,
    context: InstallContext,
    listed: ListedFile,
    file: OpenFile,
    advance: (bytes: number) => void,
  ) {
    this.#signal = signal;
    this.#context = context;
    this.#listed = listed;
    this.#file = file;
    this.#advance = advance;
    this.#remote = this.#remoteAt(context.baseUrls[0]);
  }

  async run(): Promise<string> {
    const { baseUrls, journal } = this.#context;
    const entry = journal.get(this.#listed.path);
    await this.#begin(Math.min(entry?.bytes ?? 0, await this.#file.sizeBytes()));
    const first = entry?.base !== undefined && baseUrls.includes(entry.base) ? entry.base : baseUrls[0];
    const order = [first, ...baseUrls.filter((base) => base !== first)];
    for (const [i, base] of order.entries()) {
      const version = i === 0 ? entry?.version : undefined;
      this.#remote = { ...this.#remoteAt(base), ...(version && { version }) };
      try {
        return await this.#fromServer(base);
      } catch (error) {
        const another = error instanceof OmniError && error.code !== 'storage' && i < order.length - 1;
        if (!another) throw error;
        this.#context.note(`${error.message} The next server is tried.`);
        // Only a hash can tell whether the next server has the same version.
        if (this.#listed.sha256 === undefined) await this.#restart();
      }
    }
    throw new Error('no server to download from');
  }

  #remoteAt(base: string): RemoteFile {
    const { path, sizeBytes } = this.#listed;
    return { path, url: fileUrl(base, path), sizeBytes };
  }

  async #fromServer(base: string): Promise<string> {
    for (let restarts = 0; ; restarts++) {
      try {
        await this.#fetch(base);
        return this.#check();
      } catch (error) {
        if (!(error instanceof FileChanged || error instanceof WrongBytes)) throw error;
        await this.#restart();
        if (restarts === RESTARTS) throw this.#damaged(base, error);
        this.#remote = this.#remoteAt(base);
      }
    }
  }

  async #fetch(base: string): Promise<void> {
    const { path, sizeBytes } = this.#listed;
    const note = async () => {
      if (this.#at === this.#journalled) return;
      await this.#file.flush();
      await this.#context.journal.add({ file: path, bytes: this.#at, version: this.#remote.version, base });
      this.#journalled = this.#at;
    };
    try {
      await fetchRange(
        this.#signal,
        this.#remote,
        this.#at,
        sizeBytes,
        async (bytes, at) => {
          await this.#file.write(at, bytes);
          this.#hash.update(bytes);
          this.#at = at + bytes.length;
          this.#advance(bytes.length);
          if (this.#at - this.#journalled >= (this.#context.flushBytes ?? FLUSH_BYTES)) await note();
        },
        this.#context.transport,
      );
    } finally {
      await note();
    }
  }

  #check(): string {
    const sha256 = this.#hash.digest();
    if (this.#listed.sha256 !== undefined && sha256 !== this.#listed.sha256) {
      throw new WrongBytes('does not have the hash that the listing gives');
    }
    return sha256;
  }

  /** Starts with the first `sizeBytes` bytes that the file has. */
  async #begin(sizeBytes: number): Promise<void> {
    await this.#file.truncate(sizeBytes);
    this.#hash = await startSha256();
    await hashFile(this.#signal, this.#hash, this.#file, sizeBytes);
    this.#at = sizeBytes;
    this.#journalled = sizeBytes;
    this.#advance(sizeBytes);
  }

  async #restart(): Promise<void> {
    this.#advance(-this.#at);
    await this.#begin(0);
    await this.#context.journal.add({ file: this.#listed.path, bytes: 0 });
  }

  #damaged(base: string, error: FileChanged | WrongBytes): OmniError {
    const words = error instanceof FileChanged ? error.words : error.message;
    return new OmniError({
      code: 'bad_checkpoint',
      permanent: false,
      message: `${this.#listed.path} from ${shownUrl(base)} ${words}.`,
      action: 'Try again later. If the error stays, the copy on the server is damaged or has changed.',
      cause: error,
    });
  }
}
