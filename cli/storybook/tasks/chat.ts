/** Measures whether the model draws a picture exactly when one is wanted. */

import { TOKENS } from '../../../src/omnigen2/language/tokenizer.ts';
import type { Case } from '../../../src/storybook/cases/case.ts';
import { heldoutCases } from '../cases.ts';
import { share, sharesBy } from '../figures.ts';
import { shareOf } from '../statistics.ts';
import { answerQuestion, type BenchTask } from '../task.ts';

export interface RoutingOutcome {
  readonly kind: string;
  readonly right: boolean;
}

export const chat: BenchTask<RoutingOutcome> = {
  title: 'Words or a picture (chat)',
  cases: (seed, n) => heldoutCases('chat', seed, n),
  async measure(tools, given) {
    const { text, draws } = await answerQuestion(tools, given);
    return {
      outcome: { kind: given.kind, right: draws === wantsPicture(given) },
      said: [`answered: ${draws ? '(draws) ' : ''}${text}`, `right: ${given.answer}`],
    };
  },
  failed: ({ kind }) => ({ kind, right: false }),
  figures: (outcomes) => [
    share('a picture exactly where one is wanted', shareOf(outcomes.map(({ right }) => right))),
    ...sharesBy(
      outcomes,
      ({ kind }) => kind,
      ({ right }) => right,
    ),
  ],
};

function wantsPicture({ answer }: Case): boolean {
  return (answer ?? '').startsWith(TOKENS.image);
}
