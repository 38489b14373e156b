/** Tensors that all steps of a drawing share, uploaded to the device once. */

import type { ResidentTensor } from '../../runtime/types.ts';
import { uploadGraph } from '../graphs/stream-arithmetic.ts';
import { concatFloats, float32Tensor } from '../host-tensors.ts';
import { ResidentTensors } from '../residency/resident-tensors.ts';
import type { Sessions } from '../sessions.ts';

/** Opens the session of uploads. @throws OmniError `memory` if it does not fit */
export async function loadUploads(sessions: Sessions): Promise<void> {
  await sessions.open(uploadGraph, undefined);
}

/**
 * The uploads of one drawing: contexts, rotary angles, patches of references. Arrays are known by their place
 * in memory, so they must not change until {@link dispose}.
 */
export class Uploads {
  readonly #sessions: Sessions;
  readonly #held = new ResidentTensors();
  readonly #known = new Map<string, ResidentTensor>();
  readonly #buffers = new Map<ArrayBufferLike, number>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /**
   * The matrix `[rows, columns]` of some arrays one after another. It belongs to the uploads.
   * @param values of the matrix, if they are not the arrays themselves
   */
  async tensor(
    sources: readonly Float32Array[],
    columns: number,
    values: () => Float32Array = () => concatFloats(sources),
  ): Promise<ResidentTensor> {
    const key = sources.map((source) => this.#keyOf(source)).join(' ');
    const known = this.#known.get(key);
    if (known) return known;
    const session = await this.#sessions.open(uploadGraph, undefined);
    const data = values();
    const { resident } = await session.run({
      values: float32Tensor([data.length / columns, columns], data),
    });
    this.#known.set(key, this.#held.hold(resident));
    return resident;
  }

  /** Frees all uploads. */
  dispose(): void {
    this.#held.dispose();
    this.#known.clear();
    this.#buffers.clear();
  }

  #keyOf({ buffer, byteOffset, length }: Float32Array): string {
    const id = this.#buffers.get(buffer) ?? this.#buffers.size;
    this.#buffers.set(buffer, id);
    return `${id}:${byteOffset}:${length}`;
  }
}
