/** Brings the wanted model into the worker: its weights from storage or network, and the engine it runs on. */

import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { loadTokenizer } from '../omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import type { BackendChoice, DeviceReport, ModelPart, ModelRef, ModelState } from '../protocol.ts';
import { startWebRuntime } from '../runtime/runtime.web.ts';
import { loadBundle } from '../storage/weights.ts';

/** What the page asked for. */
export interface Wanted {
  readonly model: ModelRef;
  readonly backend: BackendChoice;
}

/** How far the loading is. */
export type LoadProgress = Omit<Extract<ModelState, { status: 'loading' }>, 'status'>;

/** A model ready for jobs, with what it runs on. */
export interface Opened {
  readonly model: OmniGen2Model;
  readonly device: DeviceReport;
  /** What the person should know of the loading, in one sentence. */
  readonly note?: string;
  /** Settles when the device is gone. */
  readonly lost: Promise<void>;
  /** Whether the engine has broken down so that only another worker brings it back. */
  engineFailed(): boolean;
  /** Closes the model and its engine. */
  dispose(): Promise<void>;
}

export interface LoadHooks {
  readonly onProgress: (progress: LoadProgress) => void;
  /** Called whenever, in a job, a part of the model begins to open. */
  readonly onPart: (part: ModelPart) => void;
}

/** @throws OmniError for what cannot be loaded; AbortError after an abort */
export type LoadModel = (signal: AbortSignal, wanted: Wanted, hooks: LoadHooks) => Promise<Opened>;

/** Loads a bundle that is served beside the page, on the backend that the browser has. */
export const loadServedModel: LoadModel = async (signal, { model: served, backend }, hooks) => {
  const starting = startWebRuntime({ backend });
  // It may fail long before it is waited for, which a browser would report as an error of the page.
  starting.catch(() => undefined);
  try {
    const { files, note } = await loadBundle(signal, served, hooks.onProgress);
    const checkpoint = await openCheckpoint(memoryFolder(served.id, files));
    const runtime = await starting;
    signal.throwIfAborted();
    const model = new OmniGen2Model(checkpoint, runtime, loadTokenizer, hooks.onPart);
    return {
      model,
      device: {
        backend: runtime.backend,
        description: runtime.description,
        halfPrecision: runtime.halfPrecision,
        reason: runtime.reason,
      },
      note,
      lost: runtime.lost,
      engineFailed: () => runtime.engineFailed,
      dispose: async () => {
        try {
          await model.dispose();
        } finally {
          await runtime.dispose();
        }
      },
    };
  } catch (error) {
    // Whichever of the two failed: an engine that has started is not left behind.
    await starting.then((runtime) => runtime.dispose()).catch(() => undefined);
    throw error;
  }
};
