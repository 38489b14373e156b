/** The rotary angles of whole sequences, kept from step to step: all steps of a drawing have the same. */

import type { PatchGrid } from './patches.ts';
import { jointPositions, type RotaryTable, rotaryTable } from './rope.ts';

/** What a sequence is made of: rows of text, then pictures, the noisy one last. */
export interface SequenceLayout {
  readonly textRows: number;
  readonly pictures: readonly PatchGrid[];
}

/** A drawing has one sequence for each branch of guidance; the rest is from drawings before. */
const KEPT = 4;

export class RotaryTables {
  readonly #axesDims: readonly [number, number, number];
  readonly #known = new Map<string, RotaryTable>();

  constructor(axesDims: readonly [number, number, number]) {
    this.#axesDims = axesDims;
  }

  /** The angles of all rows of a sequence. */
  of({ textRows, pictures }: SequenceLayout): RotaryTable {
    const key = JSON.stringify([textRows, pictures]);
    const known = this.#known.get(key);
    if (known) return known;
    const table = rotaryTable(jointPositions(textRows, pictures), this.#axesDims);
    if (this.#known.size >= KEPT) this.#known.clear();
    this.#known.set(key, table);
    return table;
  }
}
