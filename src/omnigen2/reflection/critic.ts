/**
 * What the critic is asked about a picture, and what its answer means.
 *
 * The question and the sentence that accepts a picture are those that the built-in model was trained with; any other
 * wording that says the picture meets the request accepts it as well, as in the paper's reflection examples
 * (arXiv 2506.18871).
 */

import { startsWithBoxes } from '../language/grounding.ts';

/** The sentence with which the built-in model accepts a picture. */
export const ACCEPTING_SENTENCE = 'The picture shows everything that was asked for.';

/** The question about the picture of a request. Special tokens typed into it would end the question: they are left out. */
export function critiqueQuestion(request: string): string {
  const words = request.replaceAll(/<\|\w+\|>/g, ' ').trim();
  return `The request was: "${words.replace(/[.?]$/, '')}". Does the picture show it?`;
}

/** A critic's answer as it came. */
export interface CriticAnswer {
  /** Without the tokens that end or structure it. */
  readonly text: string;
  /** False if the answer was cut because it did not end. */
  readonly complete: boolean;
}

/** What an answer means for the picture. */
export type CritiqueResult =
  | { readonly kind: 'accept'; readonly critique: string }
  /** `critique` is also the instruction for the next picture. */
  | { readonly kind: 'fix'; readonly critique: string }
  /** The answer says nothing that could be acted on; `critique` says so in words. */
  | { readonly kind: 'unclear'; readonly critique: string };

/** Longer critiques than this are not what the model was trained to write; more would not fit its prompts. */
const MAX_SENTENCES = 8;

/**
 * Reads an answer: sentences said twice count once, and the torn end of an answer that was cut is left out. The first
 * sentence that says the picture is right accepts it. What blames the very thing that it wants counts for nothing.
 */
export function parseCritique({ text, complete }: CriticAnswer): CritiqueResult {
  if (startsWithBoxes(text))
    return {
      kind: 'unclear',
      critique: 'The critic marked places in this picture and said nothing about them.',
    };
  const said = sentencesOf(text, complete);
  const sentences = withoutContradictions(said).slice(0, MAX_SENTENCES);
  if (sentences.length === 0 && said.length > 0)
    return { kind: 'unclear', critique: `The critic contradicted itself: "${said[0]}"` };
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

/** How much a critique says, in sentences: the less, the nearer the picture is to the request. */
export function countSentences(critique: string): number {
  return sentencesOf(critique, true).length;
}

/** Whole sentences with at least one letter, in order, each once. */
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

/** Whether a sentence blames what it wants: "The cat should be white, but it is white." */
function contradictsItself(sentence: string): boolean {
  const [, wanted, found] = SHOULD_BUT.exec(sentence) ?? [];
  return wanted !== undefined && (wanted === found || (wanted === 'nothing' && found === 'none'));
}

/** Leaves out sentences that contradict themselves, and the orders that follow from them, up to the next thing blamed. */
function withoutContradictions(sentences: readonly string[]): string[] {
  let nonsense = false;
  return sentences.filter((sentence) => {
    if (contradictsItself(sentence)) nonsense = true;
    else if (/\b(?:should|missing|not asked)\b/i.test(sentence)) nonsense = false;
    return !nonsense;
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
/** Words that turn or narrow what a sentence affirms. */
const DOUBT =
  /\b(?:not|but|however|although|though|except|only|almost|nearly|most|mostly|partly|partially|should|fails?|lacks?|instead|cannot|would|if|whether)\b|n't\b/i;

function accepts(sentence: string): boolean {
  if (sentence === ACCEPTING_SENTENCE) return true;
  return !DOUBT.test(sentence) && !sentence.endsWith('?') && AFFIRMATIONS.some((form) => form.test(sentence));
}
