/** A checkpoint on a runtime. Parts are loaded when they are first needed, one at a time. */

import type { Adapter } from '../checkpoints/adapters/changes.ts';
import { withAdapters } from '../checkpoints/adapters/overlay.ts';
import type { Checkpoint, Component, ComponentName } from '../checkpoints/checkpoint.ts';
import { deriveTensor } from '../checkpoints/derive.ts';
import type { CheckpointFolder } from '../checkpoints/folder.ts';
import type { ModelConfig } from '../config/config.ts';
import type { Runtime, WeightBytes } from '../runtime/types.ts';
import { Transformer } from './diffusion/transformer.ts';
import { disposeAll } from './dispose.ts';
import { type Numerics, numericsFor } from './graphs/numerics.ts';
import { Mllm } from './language/mllm.ts';
import type { ReadFile } from './language/token-embeddings.ts';
import { checkTokenIds, type Tokenizer } from './language/tokenizer.ts';
import { typicalDrawing } from './residency/drawings.ts';
import { type Footprint, footprintOf } from './residency/footprint.ts';
import {
  allowsBeside,
  choosePlan,
  type PlannedDrawing,
  type ResidencyPlan,
  residencyPlans,
} from './residency/plan.ts';
import type { PartResidency } from './sessions.ts';
import { Vae } from './vae/vae.ts';

/** The parts that take time to load. */
export type ModelPart = 'tokenizer' | 'mllm' | 'transformer' | 'vae';

/** Loads the tokenizer of a checkpoint. A parameter, because the tokenizer is another library's. */
export type LoadTokenizer = (file: (name: string) => Promise<Uint8Array | undefined>) => Promise<Tokenizer>;

/** One component, the source of its weights, and how and when its graphs are open. */
export interface ComponentSource<Config> {
  readonly component: Component<Config>;
  readonly numerics: Numerics;
  readonly residency: PartResidency;
  readonly bytes: WeightBytes;
  readonly read: ReadFile;
}

export interface ModelOptions {
  /** Is called when a part begins to load, also when it was closed in between. */
  readonly onPart?: (part: ModelPart) => void;
  /** Memory that the model may take, in bytes. Default: that of the runtime. */
  readonly budgetBytes?: number;
}

/** A part whose sessions can be closed. It opens them again when they are needed. */
interface Unloadable {
  dispose(): Promise<void>;
}

/**
 * The model that the pipeline, conversations and the critic use.
 *
 * @example
 * const checkpoint = await openCheckpoint(nodeFolder('/models/omnigen2'));
 * const model = new OmniGen2Model(checkpoint, nodeRuntime(), loadTokenizer);
 * const { image } = await draw(model, request);
 * await model.dispose();
 */
export class OmniGen2Model {
  /** The checkpoint without adapters. */
  readonly checkpoint: Checkpoint;
  readonly runtime: Runtime;
  /** Memory that the model may take, in bytes. */
  readonly budgetBytes: number;
  /** Memory that its parts take. */
  readonly footprint: Footprint;
  readonly #onPart: NonNullable<ModelOptions['onPart']>;
  readonly #loadTokenizer: LoadTokenizer;
  readonly #parts = new Map<ModelPart, Promise<unknown>>();
  /** Parts load one after another: two at once can exceed the memory of a device on which each one fits. */
  #opening: Promise<unknown> = Promise.resolve();
  /** The parts of {@link #parts} that are loaded. Their sessions can be closed. */
  readonly #loaded = new Map<ModelPart, Unloadable>();
  /** The checkpoint with its adapters, from which parts are loaded. */
  #adapted: Checkpoint;
  #plan: ResidencyPlan;

  constructor(
    checkpoint: Checkpoint,
    runtime: Runtime,
    loadTokenizer: LoadTokenizer,
    {
      onPart = () => undefined,
      budgetBytes = runtime.budgetBytes ?? Number.POSITIVE_INFINITY,
    }: ModelOptions = {},
  ) {
    this.checkpoint = checkpoint;
    this.#adapted = checkpoint;
    this.runtime = runtime;
    this.budgetBytes = budgetBytes;
    this.footprint = footprintOf(checkpoint, runtime);
    this.#plan = this.planFor(typicalDrawing(checkpoint));
    this.#onPart = onPart;
    this.#loadTokenizer = loadTokenizer;
  }

  /** Which parts are open when. {@link followPlan} changes it. */
  get plan(): ResidencyPlan {
    return this.#plan;
  }

  /** The plan for a drawing within the model's budget: the smallest one if none fits. */
  planFor(drawing: PlannedDrawing): ResidencyPlan {
    return choosePlan(residencyPlans(this.footprint, drawing), this.budgetBytes);
  }

  /** Follows a plan from now on. A smaller plan closes all open parts; they open again when needed. */
  async followPlan(plan: ResidencyPlan): Promise<void> {
    const smaller = plan.peakBytes < this.#plan.peakBytes;
    this.#plan = plan;
    if (smaller && !plan.beside.includes('mllm+transformer')) {
      for (const part of this.#loaded.values()) await part.dispose();
    }
  }

  get config(): ModelConfig {
    return this.checkpoint.config;
  }

  /** @throws OmniError `bad_checkpoint` if the files of the tokenizer cannot be used */
  tokenizer(): Promise<Tokenizer> {
    return this.#part('tokenizer', async () => {
      this.#onPart('tokenizer');
      const tokenizer = await this.#loadTokenizer((name) => this.checkpoint.processorFile(name));
      checkTokenIds(tokenizer, this.config.mllm);
      return tokenizer;
    });
  }

  /** @throws OmniError `memory` if it does not fit; a later call tries again */
  mllm(): Promise<Mllm> {
    return this.#component('mllm', () => Mllm.open(this.runtime, this.source('mllm')));
  }

  /** @throws OmniError `memory` if it does not fit; a later call tries again */
  transformer(): Promise<Transformer> {
    return this.#component('transformer', () => Transformer.open(this.runtime, this.source('transformer')));
  }

  /** The VAE. Its graphs are opened when they are first used. */
  vae(): Promise<Vae> {
    return this.#component('vae', async () => new Vae(this.runtime, this.source('vae')));
  }

  /**
   * Replaces the adapters of the transformer. An empty list restores the checkpoint exactly. Reloads the
   * transformer, so no drawing may be running.
   * @throws OmniError `bad_checkpoint` if a change is larger than weights can be, `memory` if the transformer
   *   does not fit. The model then keeps its previous adapters.
   */
  async setAdapters(adapters: readonly Adapter[]): Promise<void> {
    const before = this.#adapted;
    const after = withAdapters(this.checkpoint, adapters, this.source('transformer').numerics);
    if (after === before) return;
    await this.#close('transformer');
    this.#adapted = after;
    if (after === this.checkpoint) return;
    try {
      await this.transformer();
    } catch (error) {
      this.#adapted = before;
      throw error;
    }
  }

  /** A component and the source of its weights, with adapters. */
  source<Name extends ComponentName>(name: Name): ComponentSource<ModelConfig[Name]> {
    const { folder, components, readTensor } = this.#adapted;
    const component = components[name];
    return {
      component,
      numerics: numericsFor(this.runtime, component.weights),
      residency: {
        openRanges: () => ({ ...this.#plan.openRanges, vae: 0 })[name],
        beforeOpen: (first) => this.#makeRoom(name, first),
      },
      read: (path, offset, length) => folder.read(path, offset, length),
      bytes: weightBytes(folder, readTensor),
    };
  }

  /**
   * Closes every part, even if one of them fails, and then throws its error. The caller disposes the runtime.
   */
  async dispose(): Promise<void> {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    this.#loaded.clear();
    await disposeAll(parts);
  }

  async #close(name: ModelPart): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    this.#loaded.delete(name);
    if (part) await disposeAll([part]);
  }

  /** Closes the parts that the plan does not allow beside `part`. */
  async #makeRoom(part: ComponentName, first: boolean): Promise<void> {
    if (first) this.#onPart(part);
    for (const [other, loaded] of this.#loaded) {
      if (!allowsBeside(this.#plan, part, other)) await loaded.dispose();
    }
  }

  #component<Part extends Unloadable>(name: ComponentName, open: () => Promise<Part>): Promise<Part> {
    return this.#part(name, async () => {
      const part = await open();
      this.#loaded.set(name, part);
      return part;
    });
  }

  #part<Part>(name: ModelPart, open: () => Promise<Part>): Promise<Part> {
    const known = this.#parts.get(name) as Promise<Part> | undefined;
    if (known) return known;
    const part = this.#opening.then(open);
    this.#opening = part.catch(() => undefined);
    this.#parts.set(name, part);
    // A failure is not cached: there can be more memory at the next call.
    part.catch(() => this.#parts.delete(name));
    return part;
  }
}

/** The bytes of the weights in a folder. */
export function weightBytes(
  folder: Pick<CheckpointFolder, 'slice' | 'directory'>,
  readTensor: Checkpoint['readTensor'],
): WeightBytes {
  return {
    directory: folder.directory,
    slice: ({ file, offset, sizeBytes }) => folder.slice(file, offset, sizeBytes),
    derived: (tensor) => deriveTensor(tensor, readTensor),
  };
}
