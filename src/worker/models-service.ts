/** The worker's side of the models protocol: checks folders; installs, verifies and deletes models. */

import { type ErrorReport, OmniError, reportOf } from '../errors.ts';
import {
  type FromModels,
  type InstallProgress,
  type RequestId,
  type ToModels,
  toModelsSchema,
} from '../models-protocol.ts';
import { pathText, validate } from '../settings/validate.ts';
import { valueWords } from '../settings/value-words.ts';
import { parseInstallSource } from '../storage/install-source.ts';
import type { InstallOptions, ModelStore } from '../storage/models.ts';
import { checkFolder } from './check-folder.ts';
import { folderOf } from './picked-folder.ts';

export interface ModelsHost {
  /** Sends a message to the page. */
  post(message: FromModels): void;
  openStore(): Promise<ModelStore>;
}

type Request = Exclude<ToModels, { type: 'list' | 'pause' }>;

/** The page gets progress at most this often. */
const PROGRESS_MS = 200;

/** What a request was doing, as the subject of a sentence about its failure. */
const DOING: Readonly<Record<Request['type'], string>> = {
  check: 'Reading the folder',
  install: 'Installing the model',
  convert: 'Converting the model',
  resume: 'Installing the model',
  verify: 'Checking the model',
  delete: 'Deleting the model',
};

/**
 * Handles the messages of one page. Requests run at the same time.
 *
 * @example
 * const service = new ModelsService({ post: (message) => self.postMessage(message), openStore });
 * self.addEventListener('message', ({ data }) => service.handle(data));
 */
export class ModelsService {
  readonly #host: ModelsHost;
  #store: Promise<ModelStore> | undefined;
  readonly #running = new Map<RequestId, AbortController>();

  constructor(host: ModelsHost) {
    this.#host = host;
  }

  /** Handles one message of the page. Errors are answered, not thrown. */
  handle(data: unknown): void {
    const read = validate(toModelsSchema, data);
    if (!read.ok) {
      const { path, expected, value } = read.problem;
      const what = `${pathText(path) || 'it'} must be ${expected}, not ${valueWords(value)}`;
      this.#host.post({ type: 'failed', request: requestIn(data), error: notUnderstood(what) });
      return;
    }
    const message = read.value;
    switch (message.type) {
      case 'list':
        void this.#postModels();
        return;
      case 'pause':
        this.#running.get(message.request)?.abort();
        return;
      default:
        void this.#answer(message);
    }
  }

  /** Runs one request. Always posts its last message. */
  async #answer(message: Request): Promise<void> {
    const { request } = message;
    const abort = new AbortController();
    this.#running.set(request, abort);
    let last: FromModels;
    try {
      last = await this.#work(abort.signal, message);
    } catch (error) {
      const report = reportOf(error, DOING[message.type], abort.signal);
      last =
        report.code === 'cancelled'
          ? { type: 'paused', request }
          : { type: 'failed', request, error: report };
    }
    this.#running.delete(request);
    if (message.type !== 'check') await this.#postModels();
    this.#host.post(last);
  }

  async #work(signal: AbortSignal, message: Request): Promise<FromModels> {
    const { request } = message;
    if (message.type === 'check') {
      return { type: 'checked', request, summary: await checkFolder(signal, message.folder) };
    }
    const store = await this.#open();
    const options: InstallOptions = { signal, onProgress: this.#reporter(request) };
    switch (message.type) {
      case 'install': {
        const source = parseInstallSource(message.address);
        const model = await store.install(source, { ...options, token: message.token });
        return { type: 'done', request, outcome: { type: 'installed', model } };
      }
      case 'convert': {
        const folder = await folderOf(signal, message.folder);
        const model = await store.install(
          { kind: 'folder', folder },
          { ...options, name: `${folder.name} (4-bit)` },
        );
        return { type: 'done', request, outcome: { type: 'installed', model } };
      }
      case 'resume': {
        const { id, token } = message;
        const folder = message.folder && (await folderOf(signal, message.folder));
        const model = await store.resume(id, { ...options, token, folder });
        return { type: 'done', request, outcome: { type: 'installed', model } };
      }
      case 'verify': {
        const { id, token } = message;
        const folder = message.folder && (await folderOf(signal, message.folder));
        const { checkedFiles, repaired } = await store.verify(id, { ...options, token, folder });
        return { type: 'done', request, outcome: { type: 'verified', checkedFiles, repaired } };
      }
      case 'delete':
        await store.delete(message.id);
        return { type: 'done', request, outcome: { type: 'deleted' } };
      default:
        return message satisfies never;
    }
  }

  async #postModels(): Promise<void> {
    try {
      const store = await this.#open();
      const [models, space] = await Promise.all([store.list(), store.space()]);
      this.#host.post({ type: 'models', models, space });
    } catch (error) {
      this.#host.post({ type: 'failed', error: reportOf(error, 'Reading the list of models') });
    }
  }

  #open(): Promise<ModelStore> {
    if (!this.#store) {
      this.#store = this.#host.openStore();
      this.#store.catch(() => {
        this.#store = undefined;
      });
    }
    return this.#store;
  }

  /** Posts progress a few times a second, and each new phase or note at once. */
  #reporter(request: RequestId): (progress: InstallProgress) => void {
    let at = Number.NEGATIVE_INFINITY;
    let before: InstallProgress | undefined;
    return (progress) => {
      const now = performance.now();
      const isNews = progress.phase !== before?.phase || progress.note !== before.note;
      if (!isNews && now - at < PROGRESS_MS) return;
      if (!before) void this.#postModels();
      at = now;
      before = progress;
      this.#host.post({ type: 'progress', request, progress });
    };
  }
}

function requestIn(data: unknown): RequestId | undefined {
  if (typeof data !== 'object' || data === null || !('request' in data)) return undefined;
  return typeof data.request === 'string' ? (data.request as RequestId) : undefined;
}

function notUnderstood(what: string): ErrorReport {
  return new OmniError({
    code: 'internal',
    message: `The models worker does not understand a message of the page: ${what}.`,
    action: 'Reload the page: a newer version was installed while it was open.',
  }).toReport();
}
