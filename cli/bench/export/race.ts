/** Times drawings that alternate. Runs under Node and in a page. */

import type { RgbImage } from '../../../src/pictures/image.ts';

/** Draws one picture with a seed. */
export type Drawer = (seed: number) => Promise<RgbImage>;

export interface RaceResult {
  /** Seconds of each run after the warm-up, by drawer. */
  readonly seconds: readonly (readonly number[])[];
  /** Mean difference between the pictures of each drawer and of the first, in grey levels. */
  readonly differences: readonly number[];
}

/** Every round draws one picture with each drawer, with the same seed. The first round is a warm-up. */
export async function race(drawers: readonly Drawer[], rounds: number): Promise<RaceResult> {
  const seconds = drawers.map((): number[] => []);
  const sums = drawers.map(() => 0);
  for (let round = 0; round <= rounds; round++) {
    const pictures: RgbImage[] = [];
    for (const [i, draw] of drawers.entries()) {
      const start = performance.now();
      pictures.push(await draw(round));
      if (round > 0) seconds[i].push((performance.now() - start) / 1000);
      sums[i] += meanDifference(pictures[i], pictures[0]);
    }
  }
  return { seconds, differences: sums.map((sum) => sum / (rounds + 1)) };
}

function meanDifference({ data: a }: RgbImage, { data: b }: RgbImage): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}
