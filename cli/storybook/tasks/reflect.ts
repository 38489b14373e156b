/**
 * Measures critiques: whether the model finds the faults of a picture, and accepts pictures without faults.
 */

import { parseCritique } from '../../../src/omnigen2/reflection/critic.ts';
import { heldoutCases } from '../cases.ts';
import { atLeast, atMost, groupBy, share } from '../figures.ts';
import { sameReply, saysAll } from '../replies.ts';
import { shareOf } from '../statistics.ts';
import { answerQuestion, type BenchTask } from '../task.ts';

export interface CritiqueOutcome {
  readonly kind: string;
  readonly faulty: boolean;
  /** How the reflection loop takes the reply. */
  readonly verdict: 'accept' | 'fix' | 'unclear' | 'error';
  /** Whether the reply names every fault with the right sentence. */
  readonly named: boolean;
  readonly exact: boolean;
}

export const reflect: BenchTask<CritiqueOutcome> = {
  title: 'Critique (reflect)',
  cases: (seed, n) => heldoutCases('reflect', seed, n),
  async measure(tools, given) {
    const reply = await answerQuestion(tools, given);
    const faults = given.faults ?? [];
    const outcome = {
      kind: given.kind,
      faulty: faults.length > 0,
      verdict: parseCritique(reply).kind,
      named: saysAll(reply.text, faults),
      exact: sameReply(reply.text, given.answer ?? ''),
    };
    return { outcome, said: [`answered: ${reply.text}`, `right: ${given.answer}`] };
  },
  failed: ({ kind, faults }) => ({
    kind,
    faulty: (faults ?? []).length > 0,
    verdict: 'error',
    named: false,
    exact: false,
  }),
  figures(outcomes) {
    const faulty = outcomes.filter((outcome) => outcome.faulty);
    const right = outcomes.filter((outcome) => !outcome.faulty);
    const found = ({ verdict }: CritiqueOutcome) => verdict === 'fix';
    return [
      share('defect found', shareOf(faulty.map(found)), atLeast(0.95)),
      share('defect named', shareOf(faulty.map(({ named }) => named))),
      share('false alarm', shareOf(right.map(({ verdict }) => verdict !== 'accept')), atMost(0.03)),
      share('whole reply right', shareOf(outcomes.map(({ exact }) => exact))),
      ...[...groupBy(faulty, ({ kind }) => kind)].flatMap(([kind, group]) => [
        share(`defect found, ${kind}`, shareOf(group.map(found))),
        share(`defect named, ${kind}`, shareOf(group.map(({ named }) => named))),
      ]),
    ];
  },
};
