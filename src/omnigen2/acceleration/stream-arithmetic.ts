/** Arithmetic on token streams that stay on the device. The caller disposes every result. */

import type { HostTensor, ResidentTensor } from '../../runtime/types.ts';
import {
  differenceGraph,
  sumGraph,
  taylorDifferencesGraph,
  weightedSumGraph,
} from '../graphs/stream-arithmetic.ts';
import { float32Tensor } from '../host-tensors.ts';
import type { Sessions } from '../sessions.ts';

export class StreamArithmetic {
  readonly #sessions: Sessions;
  readonly #width: number;

  /** @param width D of the streams `[rows, D]` */
  constructor(sessions: Sessions, width: number) {
    this.#sessions = sessions;
    this.#width = width;
  }

  /** `a + b` */
  async sum(a: ResidentTensor, b: ResidentTensor): Promise<ResidentTensor> {
    const session = await this.#sessions.open(sumGraph, { width: this.#width });
    return (await session.run({ a, b })).out;
  }

  /** `a - b` */
  async difference(a: ResidentTensor, b: ResidentTensor): Promise<ResidentTensor> {
    const session = await this.#sessions.open(differenceGraph, { width: this.#width });
    return (await session.run({ a, b })).out;
  }

  /**
   * The Taylor differences of a new value, one for each of the previous factors.
   * @param gap number of steps between the previous factors and the value
   */
  async taylorDifferences(
    value: ResidentTensor,
    previous: readonly ResidentTensor[],
    gap: number,
  ): Promise<readonly ResidentTensor[]> {
    if (previous.length === 0) return [];
    const parts = { width: this.#width, count: previous.length };
    const session = await this.#sessions.open(taylorDifferencesGraph, parts);
    return (await session.run({ value, previous, gap: scalar(gap) })).differences;
  }

  /** The sum of streams, each multiplied by its weight. */
  async weightedSum(factors: readonly ResidentTensor[], weights: readonly number[]): Promise<ResidentTensor> {
    const parts = { width: this.#width, count: factors.length };
    const session = await this.#sessions.open(weightedSumGraph, parts);
    return (await session.run({ factors, weights: weights.map(scalar) })).out;
  }
}

function scalar(value: number): HostTensor {
  return float32Tensor([1], Float32Array.of(value));
}
