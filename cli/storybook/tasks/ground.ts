/** Measures grounding: the overlap of the answer's boxes with the right ones. */

import { parseBoxes } from '../../../src/omnigen2/language/grounding.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, share } from '../figures.ts';
import { meanOverlap } from '../overlap.ts';
import { meanOf, shareOf } from '../statistics.ts';
import { answerQuestion, type BenchTask } from '../task.ts';

export interface GroundOutcome {
  /** Mean over copies and boxes; 0 for an answer that cannot be parsed. */
  readonly overlap: number;
  readonly read: boolean;
  readonly rightCount: boolean;
}

export const ground: BenchTask<GroundOutcome> = {
  title: 'Boxes (ground)',
  cases: (seed, n) => heldoutCases('understand', seed, n, ({ kind }) => kind === 'ground'),
  async measure(tools, given) {
    const right = parseBoxes(given.answer ?? '');
    if (!right) throw new Error(`the right answer "${given.answer}" has no boxes`);
    const { text } = await answerQuestion(tools, given);
    const found = parseBoxes(text);
    const outcome = {
      overlap: meanOverlap(
        right.map(({ box }) => box),
        (found ?? []).map(({ box }) => box),
      ),
      read: found !== undefined,
      rightCount: found?.length === right.length,
    };
    const said = [`answered: ${text}`, `right: ${given.answer}`, `overlap: ${outcome.overlap.toFixed(3)}`];
    return { outcome, said };
  },
  failed: () => ({ overlap: 0, read: false, rightCount: false }),
  figures: (outcomes) => [
    {
      name: 'overlap of boxes (IoU)',
      unit: 'overlap',
      value: meanOf(outcomes.map(({ overlap }) => overlap)),
      target: atLeast(0.8),
    },
    share('answers with an overlap from 0.5', shareOf(outcomes.map(({ overlap }) => overlap >= 0.5))),
    share('answers that can be read', shareOf(outcomes.map(({ read }) => read))),
    share('answers with as many boxes as there are copies', shareOf(outcomes.map((o) => o.rightCount))),
  ],
};
