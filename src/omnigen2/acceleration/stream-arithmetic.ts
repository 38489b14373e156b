/** Arithmetic on token streams that stay on the device; every result is the caller's to dispose. */

import type { HostTensor, ResidentTensor } from '../../runtime/types.ts';
import type { TransformerSessions } from '../diffusion/transformer-sessions.ts';
import { float32Tensor } from '../float32.ts';

export class StreamArithmetic {
  readonly #sessions: TransformerSessions;

  constructor(sessions: TransformerSessions) {
    this.#sessions = sessions;
  }

  /** `a + b` of streams `[rows, D]`. */
  async sum(a: ResidentTensor, b: ResidentTensor): Promise<ResidentTensor> {
    const session = await this.#sessions.pair('sum');
    return (await session.runResident({ a, b })).resident.out;
  }

  /** `a - b` of streams `[rows, D]`. */
  async difference(a: ResidentTensor, b: ResidentTensor): Promise<ResidentTensor> {
    const session = await this.#sessions.pair('difference');
    return (await session.runResident({ a, b })).resident.out;
  }

  /**
   * The differences of a value `[rows, D]` that was computed `gap` steps after the factors `before` it: one of each order
   * from 1 to the number of these.
   */
  async taylorDifferences(
    value: ResidentTensor,
    before: readonly ResidentTensor[],
    gap: number,
  ): Promise<ResidentTensor[]> {
    if (before.length === 0) return [];
    const session = await this.#sessions.taylorFactors(before.length);
    const previous = Object.fromEntries(before.map((factor, i) => [`previous_${i}`, factor]));
    const { resident } = await session.runResident({ factor_0: value, ...previous, gap: oneNumber(gap) });
    return before.map((_, i) => resident[`factor_${i + 1}`]);
  }

  /** The sum of streams `[rows, D]`, each times its weight. */
  async weightedSum(factors: readonly ResidentTensor[], weights: readonly number[]): Promise<ResidentTensor> {
    const session = await this.#sessions.taylorSum(factors.length);
    const inputs = factors.flatMap((factor, i): [string, HostTensor | ResidentTensor][] => [
      [`factor_${i}`, factor],
      [`weight_${i}`, oneNumber(weights[i])],
    ]);
    return (await session.runResident(Object.fromEntries(inputs))).resident.out;
  }
}

function oneNumber(value: number): HostTensor {
  return float32Tensor([1], Float32Array.of(value));
}
