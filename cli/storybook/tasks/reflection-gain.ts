/** What checking and mending its own picture gains a model that is made to draw badly at first. */

import { drawWithReflection } from '../../../src/omnigen2/drawing.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, type Figure, share } from '../figures.ts';
import { meanOf, shareOf } from '../statistics.ts';
import { type BenchTask, judged, requestedClaims } from '../task.ts';

export interface GainOutcome {
  /** Whether each check holds in the first picture and in the last. */
  readonly before: readonly boolean[];
  readonly after: readonly boolean[];
  /** Pictures that were drawn. */
  readonly pictures: number;
}

/** Rounds of mending after the first picture. */
const MENDS = 2;
/** Few steps and no guidance: the picture is there, but misses much of what was asked for. */
export const WEAK = { steps: 6, textGuidance: 1, imageGuidance: 1 } as const;

export const reflectionGain: BenchTask<GainOutcome> = {
  title: `Gain by reflection (gain): up to ${MENDS} rounds of mending, ${WEAK.steps} steps without guidance`,
  cases: (seed, n) => heldoutCases('t2i', seed, n),
  async measure(tools, given, seed) {
    const { model, drawing, signal } = tools;
    const requested = requestedClaims(given);
    const { picture, rounds } = await drawWithReflection(
      model,
      { ...drawing, ...WEAK, prompt: given.instruction ?? '', references: [], seed },
      1 + MENDS,
      { signal, now: () => performance.now() },
    );
    const before = await judged(tools, rounds[0].picture, requested);
    const after = await judged(tools, picture, requested);
    const outcome = {
      before: before.checks.map(({ yes }) => yes),
      after: after.checks.map(({ yes }) => yes),
      pictures: rounds.length,
    };
    const said = [
      `before: ${before.right} of ${before.total}`,
      ...rounds.map(({ round, outcome, critique }) => `round ${round} (${outcome}): ${critique}`),
      `after: ${after.right} of ${after.total}`,
      ...after.lines,
    ];
    return { outcome, said, result: picture };
  },
  failed(given) {
    const none = requestedClaims(given).map(() => false);
    return { before: none, after: none, pictures: 0 };
  },
  figures(outcomes) {
    const all = (checks: readonly boolean[]) => checks.every((yes) => yes);
    const part = (checks: readonly boolean[]) => checks.filter((yes) => yes).length / checks.length;
    const [before, after] = (['before', 'after'] as const).map((when) => outcomes.map((o) => o[when]));
    const gain = (of: (checks: readonly boolean[]) => number) =>
      meanOf(outcomes.map((outcome) => of(outcome.after) - of(outcome.before)));
    return [
      share('pictures with all checks right, before', shareOf(before.map(all))),
      share('pictures with all checks right, after', shareOf(after.map(all))),
      points(
        'gain in pictures',
        gain((checks) => Number(all(checks))),
        0.15,
      ),
      share('checks right, before', shareOf(before.flat())),
      share('checks right, after', shareOf(after.flat())),
      points('gain in checks, mean of the pictures', gain(part)),
      share('drawn again at least once', shareOf(outcomes.map(({ pictures }) => pictures > 1))),
    ];
  },
};

function points(name: string, value: Figure['value'], least?: number): Figure {
  return { name, unit: 'points', value, target: least === undefined ? undefined : atLeast(least) };
}
