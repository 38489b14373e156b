/** Times the steps of a drawing and estimates the time that remains. */

export class StepClock {
  #start = 0;
  #first = { at: 0, work: 0 };

  /**
   * The times after a step. The estimate leaves out the first step, in which the engine compiles its kernels.
   * @param work share of the passes through the transformer that are done, 0 … 1; guided steps have more
   *   passes
   */
  after(step: number, work: number): { elapsedMs: number; remainingMs?: number } {
    const now = performance.now();
    if (step === 0) this.#start = now;
    if (step === 1) this.#first = { at: now, work };
    const elapsedMs = now - this.#start;
    if (step === 0) return { elapsedMs };
    const perWork = step === 1 ? elapsedMs / work : (now - this.#first.at) / (work - this.#first.work);
    return { elapsedMs, remainingMs: perWork * (1 - work) };
  }
}
