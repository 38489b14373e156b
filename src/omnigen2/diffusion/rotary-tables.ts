/** A cache of the rotary angles of whole sequences. All steps of a drawing use the same ones. */

import type { PatchGrid } from './patches.ts';
import { jointPositions, type RotaryTable, rotaryTable } from './rope.ts';

/** The parts of a sequence: text rows, then pictures; the noise latents are the last one. */
export interface SequenceLayout {
  readonly textRows: number;
  readonly pictures: readonly PatchGrid[];
}

/** Number of cached sequences. A drawing has one for each guidance branch, at most three. */
const CACHE_SIZE = 4;

export class RotaryTables {
  readonly #axesDims: readonly [number, number, number];
  readonly #headDim: number;
  readonly #known = new Map<string, RotaryTable>();

  /** @param headDim width of a head, with padding */
  constructor(axesDims: readonly [number, number, number], headDim: number) {
    this.#axesDims = axesDims;
    this.#headDim = headDim;
  }

  /** The angles of all rows of a sequence. */
  of({ textRows, pictures }: SequenceLayout): RotaryTable {
    const key = JSON.stringify([textRows, pictures]);
    const known = this.#known.get(key);
    if (known) return known;
    const table = rotaryTable(jointPositions(textRows, pictures), this.#axesDims, this.#headDim);
    if (this.#known.size >= CACHE_SIZE) this.#known.clear();
    this.#known.set(key, table);
    return table;
  }
}
