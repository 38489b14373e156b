/**
 * Writes the progress of a drawing to standard error: every step on a terminal, a line every ten seconds
 * elsewhere.
 */

import type { DrawingEvent } from '../src/omnigen2/drawing.ts';

/** Time between two lines where lines cannot be overwritten. */
const LINE_MS = 10_000;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class DrawingProgress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  #written: number;

  /** @param now the time in milliseconds, from any start */
  constructor(output: ProgressOutput = process.stderr, now = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#written = now();
  }

  show(event: DrawingEvent): void {
    const where = whereOf(event);
    if (where === undefined) return;
    if (this.#output.isTTY) {
      this.#output.write(`\r${where}\u001b[K`);
    } else if (this.#now() - this.#written >= LINE_MS && event.type === 'progress') {
      this.#written = this.#now();
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
