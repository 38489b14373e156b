/** Counts how much of a drawing an acceleration computed. */

import type { SkipDecision } from '../src/omnigen2/acceleration/acceleration.ts';
import type { Acceleration } from '../src/settings/draw-settings.ts';

const NAMES = { none: '', teacache: 'TeaCache', taylorseer: 'TaylorSeer' } as const satisfies Record<
  Acceleration,
  string
>;

/** The predictions, one for each step and guidance branch, and how many of them computed all layers. */
export class DecisionCount {
  predictions = 0;
  computed = 0;
  readonly #acceleration: Acceleration;

  constructor(acceleration: Acceleration) {
    this.#acceleration = acceleration;
  }

  readonly count = ({ computed }: SkipDecision): void => {
    this.predictions++;
    if (computed) this.computed++;
  };

  /** The counts in one sentence; undefined for a drawing without acceleration. */
  get sentence(): string | undefined {
    if (this.#acceleration === 'none') return undefined;
    return `${NAMES[this.#acceleration]} computed ${this.computed} of ${this.predictions} predictions.`;
  }
}
