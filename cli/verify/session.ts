/**
 * What the checks of a run share: the goldens folder, the runtime and the model. Each is opened on first use.
 */

import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { loadTokenizer } from '../../src/omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { decodeImage } from '../../src/pictures/decode.node.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import { readGolden } from './goldens.ts';
import type { VerifyContext } from './types.ts';

export class VerifySession implements VerifyContext {
  readonly folder: string;
  readonly #modelPath: string;
  readonly #startRuntime: () => Promise<Runtime> | Runtime;
  #runtime: Runtime | undefined;
  #model: OmniGen2Model | undefined;

  constructor(folder: string, modelPath: string, startRuntime: () => Promise<Runtime> | Runtime) {
    this.folder = folder;
    this.#modelPath = modelPath;
    this.#startRuntime = startRuntime;
  }

  async readImage(path: string): Promise<RgbImage> {
    return decodeImage(await readGolden(this.folder, path), path);
  }

  async model(): Promise<OmniGen2Model> {
    this.#runtime ??= await this.#startRuntime();
    this.#model ??= new OmniGen2Model(
      await openCheckpoint(nodeFolder(this.#modelPath)),
      this.#runtime,
      loadTokenizer,
    );
    return this.#model;
  }

  async dispose(): Promise<void> {
    await this.#model?.dispose();
    await this.#runtime?.dispose();
  }
}
