/** How much of a drawing an acceleration computed. */

import type { SkipDecision } from '../src/omnigen2/acceleration/acceleration.ts';
import type { Acceleration } from '../src/settings/draw-settings.ts';

const NAMES = { none: '', teacache: 'TeaCache', taylorseer: 'TaylorSeer' } as const satisfies Record<
  Acceleration,
  string
>;

/** Predictions, one a step and branch of guidance, and those of them for which all layers were computed. */
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

  /** In one sentence; nothing of a drawing without acceleration. */
  get sentence(): string | undefined {
    if (this.#acceleration === 'none') return undefined;
    return `${NAMES[this.#acceleration]} computed ${this.computed} of ${this.predictions} predictions.`;
  }
}
