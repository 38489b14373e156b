/** Scores a picture against a request. Benchmarks count these scores. */

import type { Claim } from '../storybook/language/claim.ts';
import { phraseOf, questionOf } from '../storybook/language/claim-words.ts';
import { type Check, checks } from '../storybook/language/claims.ts';
import type { Scene } from '../storybook/scene.ts';
import type { Judge, JudgedPicture } from './judge.ts';
import { type Verdict, verdict } from './verdict.ts';

/** The verdict on one claim of a request. */
export interface JudgedCheck extends Verdict {
  readonly claim: Claim;
  /** "Does the cat wear a yellow hat?" */
  readonly question: string;
  /** "the cat wears a yellow hat" */
  readonly phrase: string;
}

/** The score of a picture: the judge answers `right` of `total` checks with yes. */
export interface JudgedRequest {
  readonly right: number;
  readonly total: number;
  readonly checks: readonly JudgedCheck[];
}

/**
 * Scores a picture against a request.
 *
 * @param wanted a scene, all of whose claims are checked; or a list of checks or claims
 * @throws OmniError `bad_image` if the picture does not have 128 x 128 pixels
 * @example
 * const judge = await Judge.open(nodeRuntime(), nodeFolder('training/checkpoint/judge'));
 * const { right, total, checks } = await judgeRequest(judge, picture, scene);
 * console.log(`${right} of ${total}`, checks.filter(({ yes }) => !yes).map(({ question }) => question));
 */
export async function judgeRequest(
  judge: Judge,
  picture: JudgedPicture,
  wanted: Scene | readonly (Check | Claim)[],
): Promise<JudgedRequest> {
  const detection = await judge.detect(picture);
  const requested = 'things' in wanted ? checks(wanted) : wanted;
  const judged = requested.map((item) => {
    const claim = 'claim' in item ? item.claim : item;
    return { claim, question: questionOf(claim), phrase: phraseOf(claim), ...verdict(claim, detection) };
  });
  return { right: judged.filter(({ yes }) => yes).length, total: judged.length, checks: judged };
}
