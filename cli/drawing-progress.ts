/** Says on the standard error where a drawing is: at every step on a terminal, from time to time elsewhere. */

import type { DrawingEvent } from '../src/omnigen2/drawing.ts';

/** Where no line can be written over, so much time passes between two. */
const LINE_MS = 10_000;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class DrawingProgress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #said: number;

  /** @param now the time in milliseconds, from any start */
  constructor(output: ProgressOutput = process.stderr, now = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#said = now();
  }

  tell(event: DrawingEvent): void {
    const where = whereOf(event);
    if (where === undefined) return;
    if (this.#output.isTTY) {
      this.#output.write(`\r${where}\u001b[K`);
    } else if (this.#now() - this.#said >= LINE_MS && event.type === 'progress') {
      this.#said = this.#now();
      this.#output.write(`${where}\n`);
    }
  }

  end(): void {
    if (this.#output.isTTY) this.#output.write('\r\u001b[K');
  }
}

function whereOf(event: DrawingEvent): string | undefined {
  if (event.type === 'critique') return event.text.slice(-60);
  if (event.type !== 'progress' || event.progress.type !== 'denoising') return undefined;
  const { step, steps } = event.progress;
  return `Round ${event.round}: step ${step} of ${steps}`;
}
