/** Finds what a prompt says about pictures that cannot be so. A hint never stops the person. */

/** Something worth a second look before drawing. */
export type Hint =
  /** The prompt names a picture that is not there; `start` and `end` delimit the words in the prompt. */
  | {
      readonly kind: 'missing';
      readonly number: number;
      readonly words: string;
      readonly start: number;
      readonly end: number;
    }
  /** There are several pictures and the prompt names none of them. */
  | { readonly kind: 'unnamed'; readonly count: number };

/** One place in a prompt where pictures are named by number. */
interface Mention {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const NOUN = '(?:images?|pictures?|photos?|img)';
/** "image 2", "picture #2", and in the plural "images 1, 2 and 3"; "image 1 and 2 trees" names one picture. */
const MARK = '\\s*(?:#|no\\.?|number)?\\s*';
const BY_NUMBER = new RegExp(
  `\\b(?:images|pictures|photos)${MARK}\\d{1,3}\\b(?:\\s*(?:,\\s*and|,|and|&)\\s*\\d{1,3}\\b)*|\\b${NOUN}${MARK}\\d{1,3}\\b`,
  'giu',
);
const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh'];
/** "the second picture". */
const BY_ORDINAL = new RegExp(`\\b(${ORDINALS.join('|')})\\s+${NOUN}\\b`, 'giu');
/** Words that speak of all pictures at once. */
const ALL_OF_THEM = new RegExp(
  `\\b(?:both|all|each|every|these|two|three|four|five)\\b.{0,24}\\b${NOUN}\\b|\\bboth\\b`,
  'iu',
);

/** The hints for `prompt` when `count` reference pictures are there, in the order of the prompt. */
export function findHints(prompt: string, count: number): readonly Hint[] {
  const mentions = findMentions(prompt);
  const missing = mentions
    .filter(({ number }) => number < 1 || number > count)
    .map(
      ({ number, start, end }): Hint => ({
        kind: 'missing',
        number,
        words: prompt.slice(start, end),
        start,
        end,
      }),
    );
  if (missing.length > 0) return missing;
  const silent = count >= 2 && prompt.trim() !== '' && mentions.length === 0 && !ALL_OF_THEM.test(prompt);
  return silent ? [{ kind: 'unnamed', count }] : [];
}

function findMentions(prompt: string): readonly Mention[] {
  const found: Mention[] = [];
  for (const match of prompt.matchAll(BY_NUMBER)) {
    const digits = [...match[0].matchAll(/\d+/g)];
    digits.forEach((digit, index) => {
      // The first number takes its noun along, so that replacing the span gives a whole phrase.
      const start = index === 0 ? match.index : match.index + digit.index;
      found.push({ number: Number(digit[0]), start, end: match.index + digit.index + digit[0].length });
    });
  }
  for (const match of prompt.matchAll(BY_ORDINAL)) {
    const number = ORDINALS.indexOf(match[1]!.toLowerCase()) + 1;
    found.push({ number, start: match.index, end: match.index + match[0].length });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The prompt with the words of a `missing` hint replaced by the name of a picture that is there. */
export function renamed(prompt: string, hint: Extract<Hint, { kind: 'missing' }>, number: number): string {
  const bare = /^\d+$/.test(hint.words);
  const name = bare ? String(number) : `image ${number}`;
  return prompt.slice(0, hint.start) + name + prompt.slice(hint.end);
}
