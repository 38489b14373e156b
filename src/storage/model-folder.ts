/**
 * The folder of one model in a storage:
 *
 * - `model.json`: the {@link ModelRecord}
 * - `journal`: entries of an install that is not complete
 * - `files/…`: the files of the model; one that is being fetched ends with `.partial`
 * - `conversion`: journal of a conversion; it stays for repairs
 * - `source/…`: configurations and headers of a source that is converted, until the model is complete
 */

import { readBlob } from './blobs.ts';
import { type FileStore, type OpenFile, PARTIAL, replaceFile } from './files.ts';
import { type JournalEntry, type ModelRecord, parseJournal, parseRecord } from './record.ts';

/** How often a file is read that changes meanwhile. */
const READ_TRIES = 10;

/** Folder of all models in a storage. */
export const MODELS = 'models';

/** Journal entries of what is kept of a source have this prefix. */
export const KEPT = 'source/';
/** The journal entry with the progress of a conversion. */
export const CONVERTED = 'converted/';

export class ModelFolder {
  readonly files: FileStore;
  readonly path: string;

  constructor(files: FileStore, id: string) {
    this.files = files;
    this.path = `${MODELS}/${id}`;
  }

  /** Path of a file of the model in the storage. */
  fileAt(path: string): string {
    return `${this.path}/files/${path}`;
  }

  /** Path of a file of the source in the storage. */
  sourceAt(path: string): string {
    return `${this.path}/source/${path}`;
  }

  async readRecord(): Promise<ModelRecord | undefined> {
    const text = await this.#text('model.json');
    return text === undefined ? undefined : parseRecord(text);
  }

  writeRecord(record: ModelRecord): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(record));
    return replaceFile(this.files, `${this.path}/model.json`, bytes);
  }

  async readJournal(): Promise<Map<string, JournalEntry>> {
    return parseJournal((await this.#text('journal')) ?? '');
  }

  /** Finished bytes of the source. */
  async doneBytes(): Promise<number> {
    let sum = 0;
    for (const { file, bytes } of (await this.readJournal()).values()) {
      if (!file.startsWith(KEPT)) sum += bytes;
    }
    return sum;
  }

  /** Opens the journal for further entries. */
  async openJournal(): Promise<InstallJournal> {
    const file = await this.files.open(`${this.path}/journal`);
    const text = new TextDecoder().decode(await file.read(0, await file.sizeBytes()));
    return new InstallJournal(file, parseJournal(text), text);
  }

  /** Deletes what an unfinished install has of a file. */
  async forget(path: string): Promise<void> {
    const journal = await this.openJournal();
    try {
      await this.files.delete(this.fileAt(path));
      await this.files.delete(this.fileAt(path) + PARTIAL);
      await journal.add({ file: path, bytes: 0 });
    } finally {
      await journal.close();
    }
  }

  /** Deletes what only an unfinished install needs. The journal of a conversion stays, for repairs. */
  async deleteTraces(): Promise<void> {
    for (const name of ['source', 'journal']) await this.files.delete(`${this.path}/${name}`);
  }

  /** The text of a file that another worker may be writing: then the browser refuses to read it. */
  async #text(name: string): Promise<string | undefined> {
    for (let tries = 1; ; tries++) {
      const blob = await this.files.blob(`${this.path}/${name}`);
      try {
        return blob && new TextDecoder().decode(await readBlob(blob, `${this.path}/${name}`));
      } catch (error) {
        if (tries === READ_TRIES) throw error;
      }
    }
  }
}

/** The journal of an install. It notes the finished bytes of every file. */
export class InstallJournal {
  readonly #file: OpenFile;
  readonly #entries: Map<string, JournalEntry>;
  #end: number;
  #writing: Promise<void> = Promise.resolve();

  /** @param text the text that the file has already */
  constructor(file: OpenFile, entries: Map<string, JournalEntry>, text: string) {
    this.#file = file;
    this.#entries = entries;
    this.#end = new TextEncoder().encode(text).length;
    // Half a line of a crash would spoil the next one.
    if (text !== '' && !text.endsWith('\n')) this.#writing = this.#append('\n');
  }

  get(file: string): JournalEntry | undefined {
    return this.#entries.get(file);
  }

  /** Adds an entry. Resolves when it is in the storage. */
  async add(entry: JournalEntry): Promise<void> {
    const before = this.#writing;
    this.#writing = before.then(() => this.#append(`${JSON.stringify(entry)}\n`));
    await this.#writing;
    this.#entries.set(entry.file, entry);
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close();
  }

  async #append(line: string): Promise<void> {
    const bytes = new TextEncoder().encode(line);
    const at = this.#end;
    this.#end += bytes.length;
    await this.#file.write(at, bytes);
    await this.#file.flush();
  }
}
