/** How much of a request a picture shows: the score that benchmarks count. */

import type { Claim } from '../storybook/language/claim.ts';
import { phraseOf, questionOf } from '../storybook/language/claim-words.ts';
import { type Check, checks } from '../storybook/language/claims.ts';
import type { Scene } from '../storybook/scene.ts';
import type { Judge, JudgedPicture } from './judge.ts';
import { type Verdict, verdict } from './verdict.ts';

/** One claim of a request, judged. */
export interface JudgedCheck extends Verdict {
  readonly claim: Claim;
  /** "Does the cat wear a yellow hat?" */
  readonly question: string;
  /** "the cat wears a yellow hat" */
  readonly phrase: string;
}

/** The score of a picture: `right` of `total` checks are answered with yes. */
export interface JudgedRequest {
  readonly right: number;
  readonly total: number;
  readonly checks: readonly JudgedCheck[];
}

/**
 * Judges a picture against what was asked for.
 *
 *     const judge = await Judge.open(nodeRuntime(), nodeFolder('training/checkpoint/judge'));
 *     const { right, total } = await judgeRequest(judge, picture, scene);
 *
 * @param wanted the scene that was asked for, of which everything is checked; or just the checks or claims that count
 * @throws OmniError `bad_image` if the picture is not 128 x 128
 */
export async function judgeRequest(
  judge: Judge,
  picture: JudgedPicture,
  wanted: Scene | readonly (Check | Claim)[],
): Promise<JudgedRequest> {
  const seen = await judge.see(picture);
  const asked = 'things' in wanted ? checks(wanted) : wanted;
  const judged = asked.map((item) => {
    const claim = 'claim' in item ? item.claim : item;
    return { claim, question: questionOf(claim), phrase: phraseOf(claim), ...verdict(claim, seen) };
  });
  return { right: judged.filter(({ yes }) => yes).length, total: judged.length, checks: judged };
}
