/** Loads a model into the worker: its weights from storage or network, and the engine that runs it. */

import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { type CheckpointFolder, memoryFolder } from '../checkpoints/folder.ts';
import { loadTokenizer } from '../omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import type {
  BackendChoice,
  DeviceReport,
  ModelNeeds,
  ModelPart,
  ModelSource,
  ModelState,
} from '../protocol.ts';
import { startWebRuntime } from '../runtime/runtime.web.ts';
import { openModelStore } from '../storage/open.ts';
import { loadBundle } from '../storage/weights.ts';
import { setKernels } from './kernels.ts';
import { modelNeeds } from './model-needs.ts';
import { folderOf } from './picked-folder.ts';

/** The model and the backend that the page asks for. */
export interface LoadRequest {
  readonly model: ModelSource;
  readonly backend: BackendChoice;
  /** Memory that the model may take. Default: what the device is known to have. */
  readonly budgetBytes?: number;
}

/** How many bytes are loaded. */
export type LoadProgress = Omit<Extract<ModelState, { status: 'loading' }>, 'status'>;

/** A model that is ready for jobs, and its device. */
export interface LoadedModel {
  readonly model: OmniGen2Model;
  readonly device: DeviceReport;
  /** One sentence for the person about the loading. */
  readonly note?: string;
  /** Absent for a small model. */
  readonly needs?: ModelNeeds;
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

/** Loads a model from any source. */
export const loadModel: LoadModel = async (signal, { model: source, backend, budgetBytes }, hooks) => {
  const starting = startWebRuntime({ backend });
  // It can fail long before it is awaited. Without a handler the browser would report that as an error of the
  // page.
  starting.catch(() => undefined);
  try {
    const { folder, note } = await openSource(signal, source, hooks.onProgress);
    const checkpoint = await openCheckpoint(folder);
    const runtime = await starting;
    signal.throwIfAborted();
    await setKernels(signal, runtime, checkpoint);
    const model = new OmniGen2Model(checkpoint, runtime, loadTokenizer, {
      onPart: hooks.onPart,
      budgetBytes,
    });
    return {
      model,
      device: {
        backend: runtime.backend,
        description: runtime.description,
        halfPrecision: runtime.halfPrecision,
        reason: runtime.reason,
      },
      note,
      needs: await modelNeeds(model),
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

interface OpenedSource {
  readonly folder: CheckpointFolder;
  /** A sentence for the person about the loading. */
  readonly note?: string;
}

/** @throws OmniError if the files cannot be fetched or read */
async function openSource(
  signal: AbortSignal,
  source: ModelSource,
  onProgress: (progress: LoadProgress) => void,
): Promise<OpenedSource> {
  switch (source.kind) {
    case 'bundle': {
      const { files, note } = await loadBundle(signal, source, onProgress);
      return { folder: memoryFolder(source.name, files), note };
    }
    case 'installed':
      return { folder: await (await openModelStore()).open(source.id) };
    case 'files':
    case 'directory':
      return { folder: await folderOf(signal, source) };
    default:
      return source satisfies never;
  }
}
