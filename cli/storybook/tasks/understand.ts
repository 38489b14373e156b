/** Measures answers to questions about pictures: whether the answer is exactly the right one. */

import type { Case } from '../../../src/storybook/cases/case.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, share, sharesBy } from '../figures.ts';
import { rightAnswers } from '../replies.ts';
import { shareOf } from '../statistics.ts';
import { answerQuestion, type BenchTask } from '../task.ts';

export interface AnswerOutcome {
  readonly kind: string;
  /** One result, or one for each item of a checklist. */
  readonly right: readonly boolean[];
}

export const understand: BenchTask<AnswerOutcome> = {
  title: 'Questions about pictures (understand)',
  // Boxes are a separate task.
  cases: (seed, n) => heldoutCases('understand', seed, n, ({ kind }) => kind !== 'ground'),
  async measure(tools, given) {
    const { text } = await answerQuestion(tools, given);
    return {
      outcome: { kind: given.kind, right: rightIn(given, text) },
      said: [`answered: ${text}`, `right: ${given.answer}`],
    };
  },
  failed: (given) => ({ kind: given.kind, right: rightIn(given, '') }),
  figures: (outcomes) => [
    share('answers right', shareOf(outcomes.flatMap(({ right }) => right)), atLeast(0.97)),
    ...sharesBy(
      outcomes,
      ({ kind }) => kind,
      ({ right }) => right,
    ),
  ],
};

function rightIn({ kind, answer }: Case, text: string): boolean[] {
  return rightAnswers(text, answer ?? '', kind === 'checklist');
}
