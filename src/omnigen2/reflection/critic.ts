/**
 * The critic's question about a picture, and the parser of its answers.
 *
 * The question and the accepting sentence are those that the built-in model was trained with. Other sentences
 * that affirm the request also accept a picture, as in the paper's reflection examples (arXiv 2506.18871).
 */

import { startsWithBoxes } from '../language/grounding.ts';

/** The sentence with which the built-in model accepts a picture. */
export const ACCEPTING_SENTENCE = 'The picture shows everything that was asked for.';

/**
 * The question about the picture of a request. Special tokens in the request are removed: they would end the
 * question.
 *
 * @example
 * const answer = await ask(model, critiqueQuestion('a red cat'), [picture], { maxNewTokens: 256 });
 * const { kind, critique } = parseCritique(answer);
 */
export function critiqueQuestion(request: string): string {
  const words = request.replaceAll(/<\|\w+\|>/g, ' ').trim();
  return `The request was: "${words.replace(/[.?]$/, '')}". Does the picture show it?`;
}

/** A generated answer of the critic. */
export interface CriticAnswer {
  /** Without special tokens. */
  readonly text: string;
  /** False if the answer did not end within its tokens. */
  readonly complete: boolean;
}

/** A parsed answer of the critic. */
export type CritiqueResult =
  | { readonly kind: 'accept'; readonly critique: string }
  /** The picture does not meet the request. `critique` is also the instruction of the next round. */
  | { readonly kind: 'fix'; readonly critique: string }
  /** The answer is unusable; `critique` says why. */
  | { readonly kind: 'unclear'; readonly critique: string };

/**
 * The longest critique that the built-in model was trained to write. Longer ones would not fit its prompts.
 */
const MAX_SENTENCES = 8;

/**
 * Parses an answer. Ignores repeated sentences, the incomplete end of a cut answer, and sentences that
 * contradict themselves. Any sentence that affirms the request accepts the picture.
 */
export function parseCritique({ text, complete }: CriticAnswer): CritiqueResult {
  if (startsWithBoxes(text))
    return {
      kind: 'unclear',
      critique: 'The critic marked places in this picture and said nothing about them.',
    };
  const all = sentencesOf(text, complete);
  const sentences = withoutContradictions(all).slice(0, MAX_SENTENCES);
  if (sentences.length === 0 && all.length > 0)
    return { kind: 'unclear', critique: `The critic contradicted itself: "${all[0]}"` };
  const critique = sentences.join(' ');
  if (critique === '') {
    const critique = complete
      ? 'The critic said nothing about this picture.'
      : 'The critic did not finish a single sentence about this picture.';
    return { kind: 'unclear', critique };
  }
  if (sentences.some(accepts)) return { kind: 'accept', critique };
  return { kind: 'fix', critique };
}

/** The sentences of a critique: the fewer, the closer the picture is to the request. */
export function countSentences(critique: string): number {
  return sentencesOf(critique, true).length;
}

/** The complete, distinct sentences with at least one letter, in order. */
function sentencesOf(text: string, complete: boolean): string[] {
  const pieces = text.replaceAll(/\s+/g, ' ').match(/[^.!?。！？]*[.!?。！？]+|[^.!?。！？]+$/g) ?? [];
  const sentences = pieces.map((piece) => piece.trim());
  const last = sentences.at(-1);
  if (!complete && last !== undefined && !/[.!?。！？]$/.test(last)) sentences.pop();
  return [...new Set(sentences)].filter((sentence) => /\p{L}/u.test(sentence));
}

const ARTICLE = '(?:an? |the )?';
const SHOULD_BUT = new RegExp(
  `\\bshould (?:be|have|wear|look) ${ARTICLE}(.+?), but (?:it|they|he|she) (?:is|are|has|have|wears?|looks?) ${ARTICLE}(.+?)[.!]?$`,
  'i',
);

/** Whether a sentence wants what it finds: "The cat should be white, but it is white." */
function contradictsItself(sentence: string): boolean {
  const [, wanted, found] = SHOULD_BUT.exec(sentence) ?? [];
  return wanted !== undefined && (wanted === found || (wanted === 'nothing' && found === 'none'));
}

/** Removes sentences that contradict themselves, and the instructions after them up to the next complaint. */
function withoutContradictions(sentences: readonly string[]): string[] {
  let contradicts = false;
  return sentences.filter((sentence) => {
    if (contradictsItself(sentence)) contradicts = true;
    else if (/\b(?:should|missing|not asked)\b/i.test(sentence)) contradicts = false;
    return !contradicts;
  });
}

const PICTURE = '(?:picture|image|drawing|result|it|this|output)';
const GOAL =
  '(?:everything|all|every|requests?|prompts?|instructions?|descriptions?|requirements?|what was asked|as (?:asked|requested|described))';
const AFFIRMATIONS: readonly RegExp[] = [
  new RegExp(
    `\\b${PICTURE}\\b.*\\b(?:shows|meets|matches|fulfill?s|satisfies|follows|reflects|captures|contains|depicts|includes|aligns with|corresponds to|conforms to|adheres to|is in line with|is consistent with)\\b.*\\b${GOAL}`,
    'i',
  ),
  /\b(?:requests?|prompts?|instructions?|requirements?)\b.*\b(?:is|are|was|were|has been|have been) (?:fully |all )?(?:met|fulfilled|satisfied|followed)\b/i,
  /\bno (?:further |more |other )?(?:changes?|edits?|corrections?|modifications?|adjustments?|improvements?)(?: (?:is|are))?(?: (?:needed|required|necessary))\b/i,
  /\bnothing (?:is missing|(?:needs|has) to be changed)\b/i,
  /^yes\b/i,
];
/** Words that negate or limit an affirmation. */
const DOUBT =
  /\b(?:not|but|however|although|though|except|only|almost|nearly|most|mostly|partly|partially|should|fails?|lacks?|instead|cannot|would|if|whether)\b|n't\b/i;

function accepts(sentence: string): boolean {
  if (sentence === ACCEPTING_SENTENCE) return true;
  return !DOUBT.test(sentence) && !sentence.endsWith('?') && AFFIRMATIONS.some((form) => form.test(sentence));
}
