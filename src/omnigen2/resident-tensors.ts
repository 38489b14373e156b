/** Tensors that stay on the device, freed together. */

import type { ResidentTensor } from '../runtime/types.ts';

/** Whoever computes with resident tensors holds them here, so that an abort or an error frees them too. */
export class ResidentTensors {
  readonly #held = new Set<ResidentTensor>();

  /** Takes a tensor in. @returns the same tensor */
  hold(tensor: ResidentTensor): ResidentTensor {
    this.#held.add(tensor);
    return tensor;
  }

  /** Lets a tensor go to another owner. */
  release(tensor: ResidentTensor): ResidentTensor {
    this.#held.delete(tensor);
    return tensor;
  }

  /** Frees one tensor now; nothing happens if it is not held. */
  free(tensor: ResidentTensor | undefined): void {
    if (tensor && this.#held.delete(tensor)) tensor.dispose();
  }

  /** Frees all that is held. */
  dispose(): void {
    for (const tensor of this.#held) tensor.dispose();
    this.#held.clear();
  }
}
