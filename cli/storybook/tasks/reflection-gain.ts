/** Measures the gain of reflection with weakened settings, so that first pictures have faults. */

import { drawWithReflection } from '../../../src/omnigen2/drawing.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, type Figure, share } from '../figures.ts';
import { meanOf, shareOf } from '../statistics.ts';
import { type BenchTask, judgePicture, requestedClaims } from '../task.ts';

export interface GainOutcome {
  /** Whether each check holds in the first picture and in the last. */
  readonly before: readonly boolean[];
  readonly after: readonly boolean[];
  /** Number of pictures drawn. */
  readonly pictures: number;
}

/** Most fixes after the first picture. */
const FIXES = 2;
/** Few steps and no guidance: the picture is recognizable but misses much of the request. */
export const WEAK = { steps: 6, textGuidance: 1, imageGuidance: 1 } as const;

export const reflectionGain: BenchTask<GainOutcome> = {
  title: `Gain by reflection (gain): up to ${FIXES} fixes, ${WEAK.steps} steps without guidance`,
  cases: (seed, n) => heldoutCases('t2i', seed, n),
  async measure(tools, given, seed) {
    const { model, drawing, signal } = tools;
    const requested = requestedClaims(given);
    const { picture, rounds } = await drawWithReflection(
      model,
      { ...drawing, ...WEAK, prompt: given.instruction ?? '', references: [], seed },
      1 + FIXES,
      { signal, now: () => performance.now() },
    );
    const before = await judgePicture(tools, rounds[0].picture, requested);
    const after = await judgePicture(tools, picture, requested);
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
