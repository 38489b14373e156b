/** Measures edits and fixes: whether the requested change is there, and how much else has changed. */

import type { Case } from '../../../src/storybook/cases/case.ts';
import { render } from '../../../src/storybook/drawing/render.ts';
import { checks } from '../../../src/storybook/language/claims.ts';
import { differenceMask } from '../../../src/storybook/sample.ts';
import { heldoutCases, pictureOf } from '../cases.ts';
import { atLeast, atMost, type Figure, share, sharesBy } from '../figures.ts';
import { type Box, outsideError } from '../outside.ts';
import { roundTrip } from '../round-trip.ts';
import { meanOf, shareOf } from '../statistics.ts';
import { type BenchTask, drawRequest, judgePicture, requestedClaims, targetPicture } from '../task.ts';

export interface EditOutcome {
  readonly kind: string;
  /** Whether all requested claims hold. */
  readonly success: boolean;
  /** Whether they hold in the target after a round trip through the VAE. */
  readonly possible: boolean;
  /** The checks of everything that the target shows, changed or not. */
  readonly checks: readonly boolean[];
  /** Whether the edit must leave a part of the picture unchanged. */
  readonly local: boolean;
  /** Mean change of that part, in grey levels; undefined if there is no such part or no drawing. */
  readonly error: number | undefined;
}

/** Largest error of the part that must stay, in grey levels (0..255). */
const LIMIT = 2;

export const edit = editTask('edit', 'Edit');
export const critiqueFix = editTask('critique_fix', 'Fix of what a critique names (critique_fix)');

function editTask(task: 'edit' | 'critique_fix', title: string): BenchTask<EditOutcome> {
  return {
    title,
    cases: (seed, n) => heldoutCases(task, seed, n),
    async measure(tools, given, seed) {
      const result = await drawRequest(tools, given, seed);
      const requested = await judgePicture(tools, result, requestedClaims(given));
      const whole = await judgePicture(tools, result, given.scene);
      const best = await judgePicture(tools, await targetPicture(tools, given), requestedClaims(given));
      const mask = maskOf(given);
      const error =
        mask && outsideError(result, await roundTrip(tools.model, pictureOf(given.refs[0])), mask);
      const outcome = {
        kind: given.kind,
        success: requested.right === requested.total,
        possible: best.right === best.total,
        checks: whole.checks.map(({ yes }) => yes),
        local: isLocal(given),
        error,
      };
      const kept = error === undefined ? [] : [`outside of the mask: ${error.toFixed(2)} grey levels`];
      return { outcome, said: [...requested.lines, ...kept], result };
    },
    failed: (given) => ({
      kind: given.kind,
      success: false,
      possible: false,
      checks: checks(given.scene).map(() => false),
      local: isLocal(given),
      error: undefined,
    }),
    figures: (outcomes) => figures(outcomes),
  };
}

function figures(outcomes: readonly EditOutcome[]): Figure[] {
  const local = outcomes.filter((outcome) => outcome.local);
  const errors = local.flatMap(({ error }) => error ?? []);
  return [
    share('success', shareOf(outcomes.map(({ success }) => success)), atLeast(0.9)),
    share('success of the wanted pictures', shareOf(outcomes.map(({ possible }) => possible))),
    share('checks of the whole picture', shareOf(outcomes.flatMap((outcome) => outcome.checks))),
    {
      name: 'error outside of the mask, grey levels',
      unit: 'greys',
      value: meanOf(errors),
      target: atMost(LIMIT),
    },
    share(
      `edits with an error up to ${LIMIT}`,
      shareOf(local.map(({ error }) => error !== undefined && error <= LIMIT)),
    ),
    ...sharesBy(
      outcomes,
      ({ kind }) => kind,
      ({ success }) => success,
      'success, ',
    ),
  ];
}

function isLocal(given: Case): boolean {
  return maskOf(given) !== undefined;
}

/** The boxes in which the picture may change; undefined if all of it may. */
function maskOf({ mask, refs: [before], target }: Case): readonly Box[] | undefined {
  if (mask !== 'difference' || !before || !target) return undefined;
  return differenceMask(before, target, render(before), render(target));
}
