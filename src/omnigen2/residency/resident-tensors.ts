/** Resident tensors with one owner. */

import type { ResidentTensor } from '../../runtime/types.ts';

/** Owns resident tensors so that an abort or an error frees them. */
export class ResidentTensors {
  readonly #tensors = new Set<ResidentTensor>();

  /** Takes ownership of a tensor. @returns the same tensor */
  hold(tensor: ResidentTensor): ResidentTensor {
    this.#tensors.add(tensor);
    return tensor;
  }

  /** Gives up ownership of a tensor without freeing it. @returns the same tensor */
  release(tensor: ResidentTensor): ResidentTensor {
    this.#tensors.delete(tensor);
    return tensor;
  }

  /** Frees one tensor, if it is owned. */
  free(tensor: ResidentTensor | undefined): void {
    if (tensor && this.#tensors.delete(tensor)) tensor.dispose();
  }

  /** Frees all owned tensors. */
  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors.clear();
  }
}
