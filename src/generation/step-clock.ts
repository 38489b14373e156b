/** Times the steps of a drawing in the worker. */

/** How long the steps of a round take, and how long the rest will. */
export class StepClock {
  #start = 0;
  #first = 0;

  /** The first step is slower (the engine compiles its kernels), so the later ones tell the pace. */
  after(step: number, steps: number): { elapsedMs: number; remainingMs?: number } {
    const now = performance.now();
    if (step === 0) this.#start = now;
    if (step === 1) this.#first = now;
    const elapsedMs = now - this.#start;
    if (step === 0) return { elapsedMs };
    const perStep = step === 1 ? elapsedMs : (now - this.#first) / (step - 1);
    return { elapsedMs, remainingMs: perStep * (steps - step) };
  }
}
