/** Streams of reference pictures, refined once a step for all branches of guidance. */

import type { ResidentTensor } from '../../runtime/types.ts';
import type { Latents } from './latents.ts';

/**
 * The branches of a guided step share the refined references: their prompts differ in length and so the references'
 * first position ids, but a picture's patches see only each other here, and attention depends on differences of
 * positions alone.
 */
export class RefinedReferences {
  #timestep: number | undefined;
  readonly #streams = new Map<Float32Array, Map<number, ResidentTensor>>();

  /**
   * The stream of a reference at a timestep; those of the timestep before are freed.
   * @param index which reference it is, from 0
   * @param refine computes the stream `[rows, D]` if it is not there
   */
  async get(
    timestep: number,
    { data }: Latents,
    index: number,
    refine: () => Promise<ResidentTensor>,
  ): Promise<ResidentTensor> {
    if (this.#timestep !== timestep) this.dispose();
    this.#timestep = timestep;
    const known = this.#streams.get(data)?.get(index);
    if (known) return known;
    const stream = await refine();
    this.#streams.set(data, new Map(this.#streams.get(data)).set(index, stream));
    return stream;
  }

  dispose(): void {
    for (const streams of this.#streams.values()) for (const stream of streams.values()) stream.dispose();
    this.#streams.clear();
    this.#timestep = undefined;
  }
}
