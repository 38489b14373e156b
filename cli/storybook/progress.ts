/** Says on the standard error which case is being worked on, and how long the rest of the task takes. */

import type { ProgressOutput } from '../drawing-progress.ts';

/** Where no line can be written over, so much time passes between two. */
const LINE_MS = 30_000;

export class CaseProgress {
  readonly #task: string;
  readonly #cases: number;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  readonly #start: number;
  #said: number;

  /** @param now the time in milliseconds, from any start */
  constructor(
    task: string,
    cases: number,
    output: ProgressOutput = process.stderr,
    now = () => performance.now(),
  ) {
    this.#task = task;
    this.#cases = cases;
    this.#output = output;
    this.#now = now;
    this.#start = now();
    this.#said = this.#start;
  }

  /** So many cases are done. */
  done(cases: number): void {
    const now = this.#now();
    const left = ((now - this.#start) / cases) * (this.#cases - cases);
    const line = `${this.#task}: ${cases} of ${this.#cases} cases, ${duration(left)} left`;
    if (this.#output.isTTY) this.#output.write(`\r${line}\u001b[K`);
    else if (now - this.#said >= LINE_MS) {
      this.#said = now;
      this.#output.write(`${line}\n`);
    }
  }

  end(): void {
    if (this.#output.isTTY) this.#output.write('\r\u001b[K');
  }
}

/** `40 s`, `12 min`, `3 h 20 min`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
