/** An opened checkpoint and the engine it runs on: every part is opened when it is first needed, one at a time. */

import { withAdapters } from '../checkpoints/adapters/overlay.ts';
import type { Adapter } from '../checkpoints/adapters/changes.ts';
import { fillDerived } from '../checkpoints/derive.ts';
import { readWhole } from '../checkpoints/folder.ts';
import type { Checkpoint, Component, ComponentName } from '../checkpoints/checkpoint.ts';
import type { ModelConfig } from '../config/config.ts';
import type { Runtime, WeightBytes } from '../runtime/types.ts';
import { Transformer } from './diffusion/transformer.ts';
import { disposeAll } from './dispose.ts';
import type { Numerics } from './graphs/layers.ts';
import { Mllm } from './language/mllm.ts';
import type { ReadFile } from './language/token-embeddings.ts';
import { checkTokenIds, type Tokenizer } from './language/tokenizer.ts';
import { Vae } from './vae/vae.ts';

/** The parts that a person may have to wait for. */
export type ModelPart = 'tokenizer' | 'language model' | 'transformer' | 'vae';

/** Makes the tokenizer of a checkpoint; a library's, so it is handed in. */
export type LoadTokenizer = (file: (name: string) => Promise<Uint8Array | undefined>) => Promise<Tokenizer>;

/** One component with access to the bytes of its weights. */
export interface ComponentSource<Config> {
  readonly component: Component<Config>;
  readonly bytes: WeightBytes;
  readonly read: ReadFile;
}

/** The model: what the pipeline, the chat and the critic ask for. */
export class OmniGen2Model {
  /** As it was opened, without adapters. */
  readonly checkpoint: Checkpoint;
  readonly runtime: Runtime;
  readonly numerics: Numerics;
  readonly #onPart: (part: ModelPart) => void;
  readonly #loadTokenizer: LoadTokenizer;
  readonly #parts = new Map<ModelPart, Promise<unknown>>();
  /** Parts open one after another: two at once can exceed a device's memory where each alone fits. */
  #opening: Promise<unknown> = Promise.resolve();
  /** What parts are opened from: the checkpoint with its adapters. */
  #adapted: Checkpoint;

  /** @param onPart is called when a part begins to open */
  constructor(
    checkpoint: Checkpoint,
    runtime: Runtime,
    loadTokenizer: LoadTokenizer,
    onPart: (part: ModelPart) => void = () => undefined,
  ) {
    this.checkpoint = checkpoint;
    this.#adapted = checkpoint;
    this.runtime = runtime;
    this.#onPart = onPart;
    this.#loadTokenizer = loadTokenizer;
    this.numerics = {
      compute: runtime.halfPrecision ? 'float16' : 'float32',
      quantized: runtime.quantized,
    };
  }

  get config(): ModelConfig {
    return this.checkpoint.config;
  }

  /** @throws OmniError `bad_checkpoint` if the tokenizer's files cannot be used */
  tokenizer(): Promise<Tokenizer> {
    return this.#part('tokenizer', async () => {
      const tokenizer = await this.#loadTokenizer((name) => this.checkpoint.processorFile(name));
      checkTokenIds(tokenizer, this.config.mllm);
      return tokenizer;
    });
  }

  /** @throws OmniError `device` if it does not fit; a later call tries again */
  mllm(): Promise<Mllm> {
    return this.#part('language model', () => Mllm.open(this.runtime, this.source('mllm'), this.numerics));
  }

  /** @throws OmniError `device` if it does not fit; a later call tries again */
  transformer(): Promise<Transformer> {
    return this.#part('transformer', () =>
      Transformer.open(this.runtime, this.source('transformer'), this.numerics),
    );
  }

  /** @throws OmniError `device` if it does not fit; a later call tries again */
  vae(): Promise<Vae> {
    return this.#part('vae', () => Vae.open(this.runtime, this.source('vae'), this.numerics));
  }

  /**
   * Puts adapters on the transformer in place of those it has; an empty list takes them off, to the last bit. Only the
   * transformer is closed and opened anew, so no drawing may be under way.
   * @throws OmniError `bad_checkpoint` if a change is larger than weights can be, `device` if the transformer does not
   * open; the model then has the adapters that it had before
   */
  async setAdapters(adapters: readonly Adapter[]): Promise<void> {
    const before = this.#adapted;
    const after = withAdapters(this.checkpoint, adapters, this.numerics);
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

  /** A component and the bytes of its weights, adapters included. */
  source<Name extends ComponentName>(name: Name): ComponentSource<ModelConfig[Name]> {
    const { folder, components, readTensor } = this.#adapted;
    return {
      component: components[name],
      read: (path, offset, length) => folder.read(path, offset, length),
      bytes: {
        file: (path) => (this.runtime.backend === 'webgpu' ? folder.file(path) : readWhole(folder, path)),
        derived: (graph) => fillDerived(graph, readTensor),
      },
    };
  }

  /** Closes every part that is open, even if one of them fails to close; then throws as that one. The runtime is the caller's. */
  async dispose(): Promise<void> {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    await disposeAll(parts);
  }

  async #close(name: ModelPart): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    if (part) await disposeAll([part]);
  }

  #part<Part>(name: ModelPart, open: () => Promise<Part>): Promise<Part> {
    const known = this.#parts.get(name) as Promise<Part> | undefined;
    if (known) return known;
    const part = this.#opening.then(() => {
      this.#onPart(name);
      return open();
    });
    this.#opening = part.catch(() => undefined);
    this.#parts.set(name, part);
    // A failure is not kept: memory may be free at the next try.
    part.catch(() => this.#parts.delete(name));
    return part;
  }
}
