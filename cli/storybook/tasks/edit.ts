/** Edits, and fixes of what a critique names: whether the change is there, and how much else has changed. */

import type { Case } from '../../../src/storybook/cases/case.ts';
import { render } from '../../../src/storybook/drawing/render.ts';
import { checks } from '../../../src/storybook/language/claims.ts';
import { differenceMask } from '../../../src/storybook/sample.ts';
import { heldoutCases, pictureOf } from '../cases.ts';
import { atLeast, atMost, type Figure, share, sharesBy } from '../figures.ts';
import { type Box, outsideError } from '../outside.ts';
import { roundTrip } from '../round-trip.ts';
import { meanOf, shareOf } from '../statistics.ts';
import { type BenchTask, drawn, judged, requestedClaims, wanted } from '../task.ts';

export interface EditOutcome {
  readonly kind: string;
  /** All checks that the words ask for hold. */
  readonly success: boolean;
  /** They hold in the wanted picture, as the autoencoder gives it back. */
  readonly possible: boolean;
  /** Of everything that the wanted picture shows, changed or not. */
  readonly checks: readonly boolean[];
  /** Whether something is to stay as it is. */
  readonly local: boolean;
  /** Mean change of what is to stay, in grey levels; undefined where nothing is, or where nothing was drawn. */
  readonly error: number | undefined;
}

/** The most that what is to stay may change, in grey levels of 255. */
const LIMIT = 2;

export const edit = editTask('edit', 'Edit');
export const critiqueFix = editTask('critique_fix', 'Fix of what a critique names (critique_fix)');

function editTask(task: 'edit' | 'critique_fix', title: string): BenchTask<EditOutcome> {
  return {
    title,
    cases: (seed, n) => heldoutCases(task, seed, n),
    async measure(tools, given, seed) {
      const result = await drawn(tools, given, seed);
      const requested = await judged(tools, result, requestedClaims(given));
      const whole = await judged(tools, result, given.scene);
      const best = await judged(tools, await wanted(tools, given), requestedClaims(given));
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

/** Where the picture may change; undefined where all of it may. */
function maskOf({ mask, refs: [before], target }: Case): readonly Box[] | undefined {
  if (mask !== 'difference' || !before || !target) return undefined;
  return differenceMask(before, target, render(before), render(target));
}
