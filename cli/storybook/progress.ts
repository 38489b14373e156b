/** Writes to the standard error how many cases are done and how much time is left. */

import type { ProgressOutput } from '../drawing-progress.ts';

/** Time between two lines where a line cannot be overwritten. */
const LINE_MS = 30_000;

export class CaseProgress {
  readonly #task: string;
  readonly #cases: number;
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  readonly #start: number;
  #said: number;

  /** @param now a clock in milliseconds */
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

  /** Reports that `cases` cases are done. */
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
