/** Loads a model into the worker: its weights from storage or network, and the engine that runs it. */

import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { memoryFolder } from '../checkpoints/folder.ts';
import { loadTokenizer } from '../omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import type { BackendChoice, DeviceReport, ModelPart, ModelRef, ModelState } from '../protocol.ts';
import { startWebRuntime } from '../runtime/runtime.web.ts';
import { loadBundle } from '../storage/weights.ts';

/** The model and the backend that the page asks for. */
export interface LoadRequest {
  readonly model: ModelRef;
  readonly backend: BackendChoice;
}

/** How many bytes are loaded. */
export type LoadProgress = Omit<Extract<ModelState, { status: 'loading' }>, 'status'>;

/** A model that is ready for jobs, and its device. */
export interface LoadedModel {
  readonly model: OmniGen2Model;
  readonly device: DeviceReport;
  /** One sentence for the person about the loading. */
  readonly note?: string;
  /** Resolves when the device is lost. */
  readonly lost: Promise<void>;
  /** Whether the engine has failed for good: only a new worker can run the model again. */
  engineFailed(): boolean;
  /** Frees the model and its engine. */
  dispose(): Promise<void>;
}

export interface LoadHooks {
  readonly onProgress: (progress: LoadProgress) => void;
  /** Called when a part of the model starts to load, which happens during jobs. */
  readonly onPart: (part: ModelPart) => void;
}

/** @throws OmniError for a model that cannot be loaded; AbortError after an abort */
export type LoadModel = (signal: AbortSignal, wanted: LoadRequest, hooks: LoadHooks) => Promise<LoadedModel>;

/** Loads a bundle from the network or the browser's storage. */
export const loadServedModel: LoadModel = async (signal, { model: served, backend }, hooks) => {
  const starting = startWebRuntime({ backend });
  // It can fail long before it is awaited. Without a handler the browser would report that as an error of the
  // page.
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
    // An engine that has started is disposed of, whichever of the two failed.
    await starting.then((runtime) => runtime.dispose()).catch(() => undefined);
    throw error;
  }
};
