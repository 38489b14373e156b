/** Times the steps of a drawing and estimates the time that remains. */

interface Moment {
  readonly at: number;
  /** Share of the passes through the transformer that are done. */
  readonly work: number;
}

export class StepClock {
  #start: Moment | undefined;
  #first: Moment | undefined;

  /**
   * The times after a step, since the round began or went on. The estimate leaves out the first step, in
   * which the engine compiles its kernels.
   * @param work share of the passes through the transformer that are done, 0 … 1; guided steps have more
   *   passes
   */
  after(step: number, work: number): { elapsedMs: number; remainingMs?: number } {
    const at = performance.now();
    if (step === 0 || !this.#start) {
      this.#start = { at, work };
      this.#first = undefined;
      return { elapsedMs: 0 };
    }
    const from = this.#first ?? this.#start;
    this.#first ??= { at, work };
    const perWork = (at - from.at) / (work - from.work);
    return { elapsedMs: at - this.#start.at, remainingMs: perWork * (1 - work) };
  }
}
