/**
 * A checkpoint on a web server, read by byte ranges. What is read from the beginning of a file
 * (configurations, headers of weights) is kept in the storage until the install is complete, so it is fetched
 * once.
 */

import type { SourceRange } from '../checkpoints/conversion/steps.ts';
import { type CheckpointFolder, endsEarly, type FolderFile, unreadableFile } from '../checkpoints/folder.ts';
import { OmniError } from '../errors.ts';
import type { InstallContext } from './install-context.ts';
import { FLUSH_BYTES } from './limits.ts';
import { KEPT } from './model-folder.ts';
import { ReadAhead } from './read-ahead.ts';
import type { ListedFile } from './record.ts';
import { hashFile, startSha256 } from './sha256.ts';
import { FileChanged, fetchRange, type RemoteFile } from './transport.ts';
import { fileUrl } from './urls.ts';

export class RemoteFolder implements CheckpointFolder {
  readonly name: string;
  readonly #signal: AbortSignal;
  readonly #context: InstallContext;
  readonly #listing: ReadonlyMap<string, ListedFile>;
  readonly #remotes = new Map<string, RemoteFile>();
  /** The kept beginning of each file is extended by one reader at a time. */
  readonly #extending = new Map<string, Promise<void>>();
  #base: string;
  #ahead: ReadAhead | undefined;

  constructor(signal: AbortSignal, name: string, context: InstallContext, listing: readonly ListedFile[]) {
    this.#signal = signal;
    this.name = name;
    this.#context = context;
    this.#listing = new Map(listing.map((file) => [file.path, file]));
    this.#base = context.baseUrls[0];
  }

  async list(): Promise<readonly FolderFile[]> {
    return [...this.#listing.values()];
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const { sizeBytes } = this.#listed(path);
    const end = offset + length;
    if (end > sizeBytes) throw unreadableFile(path, endsEarly(end, sizeBytes));
    const remote = this.#remote(path);
    // Headers are read from byte 0 on, weights never are. Without ranges, the file is read through once.
    if (offset === 0) await this.#keep(path, end);
    else if (remote.ranges === false) await this.#keep(path, sizeBytes);
    const kept = Math.min(this.#kept(path), end);
    if (kept <= offset) {
      return (await this.#ahead?.read(path, offset, length)) ?? this.#fetch(path, offset, end);
    }
    const start = await this.#readKept(path, offset, kept);
    if (kept === end) return start;
    const bytes = new Uint8Array(length);
    bytes.set(start);
    bytes.set(await this.#fetch(path, kept, end), kept - offset);
    return bytes;
  }

  slice(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.read(path, offset, length);
  }

  async file(path: string): Promise<Uint8Array> {
    const { sizeBytes } = this.#listed(path);
    await this.#keep(path, sizeBytes);
    await this.#checkHash(path);
    return this.#readKept(path, 0, sizeBytes);
  }

  /** Announces the reads that follow, in their order, so that they are fetched ahead. */
  expect(reads: readonly SourceRange[]): void {
    this.#ahead = new ReadAhead(
      (path, offset, end) => this.#fetch(path, offset, end),
      reads.filter(({ path, offset, sizeBytes }) => {
        return this.#remote(path).ranges !== false && this.#kept(path) < offset + sizeBytes;
      }),
    );
  }

  /** Names the versions of all weight files, as the server states them, once their headers are read. */
  versionOfWeights(): string {
    return JSON.stringify(
      [...this.#listing.keys()]
        .filter(isWeights)
        .sort()
        .map((path) => [path, this.#context.journal.get(KEPT + path)?.version ?? null]),
    );
  }

  /**
   * Forgets what is kept of a file, because it has changed on the server, and of all configurations, which
   * may have changed with it.
   */
  async forget(changed: string): Promise<void> {
    const { folder, journal } = this.#context;
    this.#ahead = undefined;
    for (const path of [...this.#listing.keys()].filter((each) => each === changed || !isWeights(each))) {
      if (!this.#remotes.delete(path) && this.#kept(path) === 0) continue;
      await folder.files.delete(folder.sourceAt(path));
      await journal.add({ file: KEPT + path, bytes: 0 });
    }
  }

  #listed(path: string): ListedFile {
    const listed = this.#listing.get(path);
    if (!listed) throw unreadableFile(path, 'the source does not list it');
    return listed;
  }

  #remote(path: string): RemoteFile {
    const known = this.#remotes.get(path);
    if (known) return known;
    const { version } = this.#context.journal.get(KEPT + path) ?? {};
    const remote = {
      path,
      url: fileUrl(this.#base, path),
      sizeBytes: this.#listed(path).sizeBytes,
      ...(version && { version }),
    };
    this.#remotes.set(path, remote);
    return remote;
  }

  #kept(path: string): number {
    return this.#context.journal.get(KEPT + path)?.bytes ?? 0;
  }

  /** Fetches a range into memory. */
  async #fetch(path: string, offset: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - offset);
    let filled = 0;
    await this.#fromServers(path, async (remote) => {
      await fetchRange(
        this.#signal,
        remote,
        offset + filled,
        end,
        (piece, at) => {
          bytes.set(piece, at - offset);
          filled = at - offset + piece.length;
        },
        this.#context.transport,
      );
    });
    return bytes;
  }

  /** Extends the kept beginning of a file to `end`. */
  #keep(path: string, end: number): Promise<void> {
    const before = this.#extending.get(path) ?? Promise.resolve();
    const extended = before.catch(() => undefined).then(() => this.#extend(path, end));
    this.#extending.set(path, extended);
    return extended;
  }

  async #extend(path: string, end: number): Promise<void> {
    let kept = this.#kept(path);
    if (kept >= end) return;
    const { folder, journal, flushBytes } = this.#context;
    const file = await folder.files.open(folder.sourceAt(path));
    try {
      await file.truncate(kept);
      let at = kept;
      const note = async (version: RemoteFile['version']) => {
        if (at === kept) return;
        await file.flush();
        await journal.add({ file: KEPT + path, bytes: at, ...(version && { version }) });
        kept = at;
      };
      await this.#fromServers(path, async (remote) => {
        try {
          await fetchRange(
            this.#signal,
            remote,
            at,
            end,
            async (bytes) => {
              await file.write(at, bytes);
              at += bytes.length;
              if (at - kept >= (flushBytes ?? FLUSH_BYTES)) await note(remote.version);
            },
            this.#context.transport,
          );
        } finally {
          await note(remote.version);
        }
      });
    } finally {
      await file.close();
    }
  }

  /** Calls `work` for the server in use, and for the next ones if it fails. */
  async #fromServers(path: string, work: (remote: RemoteFile) => Promise<void>): Promise<void> {
    const { baseUrls, note } = this.#context;
    for (;;) {
      const base = this.#base;
      try {
        return await work(this.#remote(path));
      } catch (error) {
        const next = baseUrls[baseUrls.indexOf(base) + 1];
        if (!(error instanceof OmniError) || error.code === 'storage' || next === undefined) throw error;
        if (this.#base === base) {
          note(`${error.message} The next server is tried.`);
          this.#base = next;
          // Each file keeps its size and its version, so another version on this server is noticed.
          for (const [known, remote] of this.#remotes) {
            const { sizeBytes, version } = remote;
            this.#remotes.set(known, { path: known, url: fileUrl(next, known), sizeBytes, version });
          }
        }
      }
    }
  }

  async #readKept(path: string, offset: number, end: number): Promise<Uint8Array> {
    const { folder } = this.#context;
    const file = await folder.files.open(folder.sourceAt(path));
    try {
      const bytes = await file.read(offset, end - offset);
      if (bytes.length === end - offset) return bytes;
    } finally {
      await file.close();
    }
    throw unreadableFile(path, 'the storage has lost it');
  }

  /** Compares a file that is kept whole with its hash in the listing. */
  async #checkHash(path: string): Promise<void> {
    const { sha256, sizeBytes } = this.#listed(path);
    if (sha256 === undefined) return;
    const { folder } = this.#context;
    const hash = await startSha256();
    const file = await folder.files.open(folder.sourceAt(path));
    try {
      await hashFile(this.#signal, hash, file, sizeBytes);
    } finally {
      await file.close();
    }
    if (hash.digest() !== sha256)
      throw new FileChanged(path, 'does not have the hash that the listing gives');
  }
}

export function isWeights(path: string): boolean {
  return path.endsWith('.safetensors');
}
