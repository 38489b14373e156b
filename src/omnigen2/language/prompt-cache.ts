/** The key/value cache of the last prompt, reused for the common prefix of the next one. */

import type { Mllm, Prefilled } from './mllm.ts';
import { imageTokenCount, ropePositions } from './rope-positions.ts';
import type { PromptImage } from './vision-patches.ts';

/** The common prefix of two prompts. */
interface CommonPrefix {
  readonly tokens: number;
  /** Pictures that are entirely within it. */
  readonly pictures: number;
}

/** Keys and values of one prompt on the device. Not for concurrent calls. */
export class PromptCache {
  readonly #mllm: Mllm;
  #ids: number[] = [];
  #images: readonly PromptImage[] = [];
  #prompt: Prefilled | undefined;

  constructor(mllm: Mllm) {
    this.#mllm = mllm;
  }

  /** Tokens in the cache. */
  get length(): number {
    return this.#ids.length;
  }

  /**
   * Prefills the part of a prompt after its common prefix with the prompt in the cache. Pictures are equal if
   * they are the same object.
   * @param ids `[L]`, with one image token for every merged cell of every picture
   * @returns how many tokens were `cached`, and the last hidden states `[L - cached, H]` of the others, at
   *   least of the last token
   * @throws OmniError see `Mllm.prefill`; AbortError between two pictures, after which the common prefix is
   *   still cached
   */
  async prefill(
    ids: readonly number[],
    images: readonly PromptImage[],
    signal?: AbortSignal,
  ): Promise<{ readonly hidden: Float32Array; readonly cached: number }> {
    const before = this.#prompt;
    const { tokens: cached, pictures } = this.#commonPrefix(ids, images);
    if (!before || cached === 0) {
      this.clear();
      this.#store(await this.#mllm.prefill(ids, images, signal), ids, images);
    } else {
      if (cached < before.length) await this.#truncate(before, cached, pictures);
      const start = this.#prompt ?? before;
      const longer = await this.#mllm.extend(start, ids.slice(cached), images.slice(pictures), signal);
      this.#mllm.free(start);
      this.#store(longer, ids, images);
    }
    return { hidden: this.#prompt?.hidden ?? new Float32Array(0), cached };
  }

  /** Prefills one token after the prompt. @returns its last hidden state `[1, H]` */
  async append(id: number): Promise<Float32Array> {
    if (!this.#prompt) throw new Error('the cache is empty');
    this.#prompt = await this.#mllm.append(this.#prompt, id);
    this.#ids.push(id);
    return this.#prompt.hidden;
  }

  /** Empties the cache. */
  clear(): void {
    if (this.#prompt) this.#mllm.free(this.#prompt);
    this.#prompt = undefined;
    this.#ids = [];
    this.#images = [];
  }

  #store(prompt: Prefilled, ids: readonly number[], images: readonly PromptImage[]): void {
    this.#prompt = prompt;
    this.#ids = [...ids];
    this.#images = images;
  }

  async #truncate(before: Prefilled, tokens: number, pictures: number): Promise<void> {
    const ids = this.#ids.slice(0, tokens);
    const images = this.#images.slice(0, pictures);
    const grids = images.map(({ grid }) => grid);
    const { delta } = ropePositions(ids, grids, this.#mllm.config);
    const short = await this.#mllm.truncate(before, tokens, delta);
    this.#mllm.free(before);
    this.#store(short, ids, images);
  }

  /** Ends before the last token, whose hidden state the caller needs. */
  #commonPrefix(ids: readonly number[], images: readonly PromptImage[]): CommonPrefix {
    const { imageTokenId, vision } = this.#mllm.config;
    // Without pictures, image tokens are ordinary tokens.
    const textOnly = images.length === 0 && this.#images.length === 0;
    const end = Math.min(ids.length - 1, this.#ids.length);
    let tokens = 0;
    let pictures = 0;
    while (tokens < end && ids[tokens] === this.#ids[tokens]) {
      if (textOnly || ids[tokens] !== imageTokenId) {
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
