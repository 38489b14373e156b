/** Pictures from words: how many of the things asked for are there. */

import type { Claim } from '../../../src/storybook/language/claim.ts';
import { countOf } from '../../../src/storybook/scene.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, grouped, share, sharesBy } from '../figures.ts';
import { shareOf } from '../statistics.ts';
import { type BenchTask, drawn, judged, requestedClaims, wanted } from '../task.ts';

export interface PictureOutcome {
  /** Drawn copies that the wanted picture has. */
  readonly things: number;
  readonly checks: readonly { readonly about: Claim['about']; readonly yes: boolean }[];
  /** The same checks in the wanted picture, as the autoencoder gives it back. */
  readonly possible: readonly boolean[];
}

export const textToImage: BenchTask<PictureOutcome> = {
  title: 'From words (t2i)',
  cases: (seed, n) => heldoutCases('t2i', seed, n),
  async measure(tools, given, seed) {
    const result = await drawn(tools, given, seed);
    const { checks, lines } = await judged(tools, result, requestedClaims(given));
    const best = await judged(tools, await wanted(tools, given), requestedClaims(given));
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
    ...[...grouped(outcomes, ({ things }) => String(things))]
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
