/** The rotary angles of whole sequences, kept from step to step: all steps of a drawing have the same. */

import type { PatchGrid } from './patches.ts';
import { jointPositions, type RotaryTable, rotaryTable } from './rope.ts';

/** What a sequence is made of: rows of text, then pictures, the noisy one last. */
export interface SequenceLayout {
  readonly textRows: number;
  readonly pictures: readonly PatchGrid[];
}

/** A drawing has one set of sequences while it is guided, and another while it is not. */
const KEPT = 4;

export class RotaryTables {
  readonly #axesDims: readonly [number, number, number];
  readonly #known = new Map<string, RotaryTable>();

  constructor(axesDims: readonly [number, number, number]) {
    this.#axesDims = axesDims;
  }

  /** The angles of sequences that lie one after another, each with positions of its own. */
  of(layouts: readonly SequenceLayout[]): RotaryTable {
    const key = JSON.stringify(layouts);
    const known = this.#known.get(key);
    if (known) return known;
    const positions = layouts.map(({ textRows, pictures }) => jointPositions(textRows, pictures));
    const all = new Int32Array(positions.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const each of positions) {
      all.set(each, at);
      at += each.length;
    }
    const table = rotaryTable(all, this.#axesDims);
    if (this.#known.size >= KEPT) this.#known.clear();
    this.#known.set(key, table);
    return table;
  }
}
