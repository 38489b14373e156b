/** Measures text-to-image: the share of requested claims that hold. */

import type { Claim } from '../../../src/storybook/language/claim.ts';
import { countOf } from '../../../src/storybook/scene.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, groupBy, share, sharesBy } from '../figures.ts';
import { shareOf } from '../statistics.ts';
import { type BenchTask, drawRequest, judgePicture, requestedClaims, targetPicture } from '../task.ts';

export interface PictureOutcome {
  /** Number of copies in the target. */
  readonly things: number;
  readonly checks: readonly { readonly about: Claim['about']; readonly yes: boolean }[];
  /** The same checks of the target after a round trip through the VAE. */
  readonly possible: readonly boolean[];
}

export const textToImage: BenchTask<PictureOutcome> = {
  title: 'From words (t2i)',
  cases: (seed, n) => heldoutCases('t2i', seed, n),
  async measure(tools, given, seed) {
    const result = await drawRequest(tools, given, seed);
    const { checks, lines } = await judgePicture(tools, result, requestedClaims(given));
    const best = await judgePicture(tools, await targetPicture(tools, given), requestedClaims(given));
    const outcome = {
      things: thingsOf(given),
      checks: checks.map(({ claim, yes }) => ({ about: claim.about, yes })),
      possible: best.checks.map(({ yes }) => yes),
    };
    return { outcome, said: lines, result };
  },
  failed: (given) => ({
    things: thingsOf(given),
    checks: requestedClaims(given).map(({ about }) => ({ about, yes: false })),
    possible: requestedClaims(given).map(() => false),
  }),
  figures: (outcomes) => [
    share('checks right', checksRight(outcomes), atLeast(0.95)),
    share('pictures with all checks right', allRight(outcomes)),
    share('checks right in the wanted pictures', shareOf(outcomes.flatMap(({ possible }) => possible))),
    ...sharesBy(
      outcomes.flatMap(({ checks }) => checks),
      ({ about }) => about,
      ({ yes }) => yes,
      'checks of ',
    ),
    ...[...groupBy(outcomes, ({ things }) => String(things))]
      .sort(([a], [b]) => Number(a) - Number(b))
      .flatMap(([things, group]) => [
        share(`checks, ${things} drawn`, checksRight(group)),
        share(`pictures, ${things} drawn`, allRight(group)),
      ]),
  ],
};

const checksRight = (outcomes: readonly PictureOutcome[]) =>
  shareOf(outcomes.flatMap(({ checks }) => checks.map(({ yes }) => yes)));
const allRight = (outcomes: readonly PictureOutcome[]) =>
  shareOf(outcomes.map(({ checks }) => checks.every(({ yes }) => yes)));

function thingsOf({ scene }: Parameters<typeof requestedClaims>[0]): number {
  return scene.things.reduce((sum, thing) => sum + countOf(thing), 0);
}
