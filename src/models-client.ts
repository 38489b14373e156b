/** The page's end of the models protocol: starts the models worker when it is first needed. */

import { type ErrorReport, OmniError } from './errors.ts';
import { type FromModels, fromModelsSchema, type RequestId, type ToModels } from './models-protocol.ts';
import { pathText, validate } from './settings/validate.ts';
import { valueWords } from './settings/value-words.ts';

/** The part of the browser's Worker that is used here. */
export interface ModelsPort {
  postMessage(message: ToModels): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
  onmessageerror: ((event: MessageEvent<unknown>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface ModelsListener {
  message(message: FromModels): void;
  /**
   * The worker has ended, with all its requests. The next request starts another one.
   * @param wasReady whether the worker had sent a message. One that had not may never start.
   */
  crashed(error: ErrorReport, wasReady: boolean): void;
}

export interface ModelsClient {
  send(message: ToModels): void;
  newRequest(): RequestId;
  dispose(): void;
}

/** Starts the real worker. The bundler finds the URL only in this form. */
export function spawnModelsWorker(): ModelsPort {
  return new Worker(new URL('../workers/models.worker.ts', import.meta.url), {
    type: 'module',
    name: 'models',
  });
}

/** @param spawn starts a worker; tests give another one */
export function createModelsClient(listener: ModelsListener, spawn: () => ModelsPort): ModelsClient {
  let port: ModelsPort | undefined;
  /** Whether the worker has sent a message. */
  let wasReady = false;
  let requests = 0;

  function start(): ModelsPort {
    const started = spawn();
    wasReady = false;
    started.onmessage = (event) => receive(event.data);
    started.onmessageerror = () => crash('A message of the worker that manages models could not be read.');
    started.onerror = (event) => {
      event.preventDefault();
      crash(
        event.message
          ? `The worker that manages models stopped (${event.message.replace(/^Uncaught (?:Error: )?/, '')}).`
          : 'The worker that manages models stopped, or its script did not load.',
      );
    };
    return started;
  }

  function crash(message: string): void {
    stop();
    const again = wasReady
      ? 'Click “Download”, “Resume” or “Check files” again.'
      : 'Reload the page when there is a connection.';
    const action = `${again} What is finished is kept.`;
    listener.crashed({ code: 'internal', permanent: false, message, action }, wasReady);
  }

  function stop(): void {
    if (!port) return;
    port.onmessage = port.onmessageerror = port.onerror = null;
    port.terminate();
    port = undefined;
  }

  function receive(data: unknown): void {
    wasReady = true;
    const read = validate(fromModelsSchema, data);
    if (read.ok) {
      listener.message(read.value);
      return;
    }
    const { path, expected, value } = read.problem;
    const error = new OmniError({
      code: 'internal',
      message: `The page does not understand a message of the models worker: ${pathText(path) || 'it'} must be ${expected}, not ${valueWords(value)}.`,
      action: 'Reload the page to update both.',
    }).toReport();
    const request =
      typeof data === 'object' && data !== null && 'request' in data && typeof data.request === 'string'
        ? (data.request as RequestId)
        : undefined;
    listener.message({ type: 'failed', request, error });
  }

  return {
    send(message) {
      port ??= start();
      port.postMessage(message);
    },
    newRequest: () => `request-${++requests}` as RequestId,
    dispose: stop,
  };
}
