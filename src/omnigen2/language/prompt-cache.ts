/** What the language model has read last, so that a prompt that begins alike is read from where it differs. */

import type { Mllm, PromptImage, Prefilled } from './mllm.ts';
import { imageTokenCount, ropePositions } from './rope-positions.ts';

/** How far two prompts are alike: so many tokens, and so many whole pictures among them. */
interface Alike {
  readonly tokens: number;
  readonly pictures: number;
}

/** One prompt's keys and values on the device, read on as prompts come. Used by one caller at a time. */
export class PromptCache {
  readonly #mllm: Mllm;
  #ids: number[] = [];
  #images: readonly PromptImage[] = [];
  #prompt: Prefilled | undefined;

  constructor(mllm: Mllm) {
    this.#mllm = mllm;
  }

  /** Tokens that are held. */
  get length(): number {
    return this.#ids.length;
  }

  /**
   * Reads a prompt, except for what it begins with like the one before. Pictures are alike if they are the same object.
   * @param ids `[L]`, with one image token for every merged cell of every picture
   * @returns the last hidden states `[L - known, H]` of the tokens from `known` on; at least of the last one
   * @throws OmniError see `Mllm.read`; AbortError between two pictures, after which the common beginning is still held
   */
  async read(
    ids: readonly number[],
    images: readonly PromptImage[],
    signal?: AbortSignal,
  ): Promise<{ readonly hidden: Float32Array; readonly known: number }> {
    const before = this.#prompt;
    const { tokens: known, pictures } = this.#alike(ids, images);
    if (!before || known === 0) {
      this.clear();
      this.#keep(await this.#mllm.prefill(ids, images, signal), ids, images);
    } else {
      if (known < before.length) await this.#cut(before, known, pictures);
      const start = this.#prompt ?? before;
      const longer = await this.#mllm.extend(start, ids.slice(known), images.slice(pictures), signal);
      this.#mllm.free(start);
      this.#keep(longer, ids, images);
    }
    return { hidden: this.#prompt?.hidden ?? new Float32Array(0), known };
  }

  /** Reads one token after the prompt. @returns its last hidden state `[1, H]` */
  async append(id: number): Promise<Float32Array> {
    if (!this.#prompt) throw new Error('nothing was read yet');
    this.#prompt = await this.#mllm.append(this.#prompt, id);
    this.#ids.push(id);
    return this.#prompt.hidden;
  }

  /** Frees what is held. */
  clear(): void {
    if (this.#prompt) this.#mllm.free(this.#prompt);
    this.#prompt = undefined;
    this.#ids = [];
    this.#images = [];
  }

  #keep(prompt: Prefilled, ids: readonly number[], images: readonly PromptImage[]): void {
    this.#prompt = prompt;
    this.#ids = [...ids];
    this.#images = images;
  }

  async #cut(before: Prefilled, tokens: number, pictures: number): Promise<void> {
    const ids = this.#ids.slice(0, tokens);
    const images = this.#images.slice(0, pictures);
    const grids = images.map(({ grid }) => grid);
    const { delta } = ropePositions(ids, grids, this.#mllm.config);
    const short = await this.#mllm.truncate(before, tokens, delta);
    this.#mllm.free(before);
    this.#keep(short, ids, images);
  }

  /** The common beginning, which ends before the last token: the caller wants that one's hidden state. */
  #alike(ids: readonly number[], images: readonly PromptImage[]): Alike {
    const { imageTokenId, vision } = this.#mllm.config;
    // Without pictures an image token is a word.
    const asWord = images.length === 0 && this.#images.length === 0;
    const end = Math.min(ids.length - 1, this.#ids.length);
    let tokens = 0;
    let pictures = 0;
    while (tokens < end && ids[tokens] === this.#ids[tokens]) {
      if (asWord || ids[tokens] !== imageTokenId) {
        tokens++;
        continue;
      }
      const image = images[pictures];
      if (!image || image !== this.#images[pictures]) break;
      const after = tokens + imageTokenCount(image.grid, vision);
      if (after > end) break;
      tokens = after;
      pictures++;
    }
    return { tokens, pictures };
  }
}
