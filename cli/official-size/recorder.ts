/**
 * Runs in the page before its own scripts. Records what the model's worker says and when, and gives its jobs
 * the settings of this measurement.
 */

import type { FromWorker, JobEvent, ToWorker } from '../../src/protocol.ts';
import type { DrawSettings } from '../../src/settings/draw-settings.ts';
import type { Moment } from './moments.ts';

/** What the page has recorded since the last job. */
export interface Recorded {
  moments: Moment[];
  picture?: RecordedPicture;
  answer?: string;
  /** Why the job or the loading of the model failed. */
  error?: string;
}

export interface RecordedPicture {
  readonly width: number;
  readonly height: number;
  /** RGBA bytes as base64. */
  readonly rgba: string;
}

/** The changes to the jobs that the page sends. */
export interface Overrides {
  readonly settings: DrawSettings;
  readonly maxNewTokens: number;
  /** The picture that questions are about, as base64 of a PNG file. */
  readonly askedPicture: string;
}

declare global {
  var recorded: Recorded | undefined;
}

/** Must not use anything outside of its body, because the browser gets its source text. */
export function recordWorker({ settings, maxNewTokens, askedPicture }: Overrides): void {
  const mark = (name: string) => recorded().moments.push({ name, atMs: Date.now() });
  const recorded = () => {
    globalThis.recorded ??= { moments: [] };
    return globalThis.recorded;
  };

  const base64 = (bytes: Uint8ClampedArray) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };

  const onEvent = (event: JobEvent) => {
    if (event.type === 'loading') mark(`loading ${event.part}`);
    else if (event.type === 'denoising') mark(`denoising ${event.step}/${event.steps}`);
    else mark(event.type);
    if (event.type === 'picture') {
      const { width, height, data } = event.picture;
      recorded().picture = { width, height, rgba: base64(data) };
    }
    if (event.type === 'done' && event.result.type === 'answer') recorded().answer = event.result.text;
    if (event.type === 'failed') recorded().error = `${event.error.message} ${event.error.action}`;
  };

  const onMessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.type === 'job') onEvent(data.event);
    if (data.type !== 'model') return;
    const { state } = data;
    mark(`model ${state.status}`);
    if (state.status === 'failed') recorded().error = `${state.error.message} ${state.error.action}`;
  };

  const changed = (message: ToWorker): ToWorker => {
    if (message.type === 'draw') return { ...message, request: { ...message.request, settings, rounds: 1 } };
    if (message.type !== 'ask') return message;
    const bytes = Uint8Array.from(atob(askedPicture), (character) => character.charCodeAt(0));
    const pictures = [new Blob([bytes], { type: 'image/png' })];
    return { ...message, request: { ...message.request, pictures, maxNewTokens } };
  };

  globalThis.Worker = class extends Worker {
    readonly #isModel: boolean;

    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.#isModel = options?.name === 'model';
      if (!this.#isModel) return;
      this.addEventListener('message', onMessage);
      this.addEventListener('error', ({ message }) => {
        recorded().error = message;
      });
    }

    override postMessage(message: ToWorker, options?: StructuredSerializeOptions | Transferable[]): void {
      const sent = this.#isModel ? changed(message) : message;
      if (Array.isArray(options)) super.postMessage(sent, options);
      else super.postMessage(sent, options);
    }
  };
}
