/** Finds mentions of pictures in a prompt that do not match the references. A hint never prevents drawing. */

export type Hint =
  /** The prompt mentions a picture that does not exist, in `words` from `start` to `end`. */
  | {
      readonly kind: 'missing';
      readonly number: number;
      readonly words: string;
      readonly start: number;
      readonly end: number;
    }
  /** There are several pictures, and the prompt does not mention those with these numbers. */
  | { readonly kind: 'unnamed'; readonly numbers: readonly number[] };

/** A place in a prompt that mentions a picture by its number. */
interface Mention {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const NOUN = '(?:images?|pictures?|photos?|img)';
/** "image 2", "picture #2", "images 1, 2 and 3". "image 1 and 2 trees" mentions one picture. */
const NUMBER_SIGN = '\\s*(?:#|no\\.?|number)?\\s*';
const BY_NUMBER = new RegExp(
  `\\b(?:images|pictures|photos)${NUMBER_SIGN}\\d{1,3}\\b(?:\\s*(?:,\\s*and|,|and|&)\\s*\\d{1,3}\\b)*|\\b${NOUN}${NUMBER_SIGN}\\d{1,3}\\b`,
  'giu',
);
const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh'];
/** "the second picture". */
const BY_ORDINAL = new RegExp(`\\b(${ORDINALS.join('|')})\\s+${NOUN}\\b`, 'giu');
/** Phrases that mean all pictures. */
const ALL_PICTURES = new RegExp(
  `\\b(?:both|all|each|every|these|two|three|four|five)\\b.{0,24}\\b${NOUN}\\b|\\bboth\\b`,
  'iu',
);

/**
 * The hints for a prompt with `count` references, in the order of the prompt.
 * @example findHints('the boat of image 3', 2) // [{ kind: 'missing', number: 3, words: 'image 3', … }]
 */
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
  if (count < 2 || prompt.trim() === '' || ALL_PICTURES.test(prompt)) return [];
  const numbers = Array.from({ length: count }, (_, index) => index + 1).filter(
    (number) => !mentions.some((mention) => mention.number === number),
  );
  return numbers.length > 0 ? [{ kind: 'unnamed', numbers }] : [];
}

function findMentions(prompt: string): readonly Mention[] {
  const found: Mention[] = [];
  for (const match of prompt.matchAll(BY_NUMBER)) {
    const digits = [...match[0].matchAll(/\d+/g)];
    digits.forEach((digit, index) => {
      // The span of the first number includes its noun, so that a replacement gives a whole phrase.
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

/** Replaces the words of a `missing` hint by a mention of picture `number`. */
export function replaceMention(
  prompt: string,
  hint: Extract<Hint, { kind: 'missing' }>,
  number: number,
): string {
  const numberOnly = /^\d+$/.test(hint.words);
  const mention = numberOnly ? String(number) : `image ${number}`;
  return prompt.slice(0, hint.start) + mention + prompt.slice(hint.end);
}

const PREPOSITION = /\b(?:of|from|in|on|into|like|with|to|beside|behind|and|use|edit)$/iu;

/**
 * Inserts a mention of picture `number` at a place in the prompt, separated by spaces where needed.
 * @example insertMention('the house beside the fox', 9, 1) // 'the house of image 1 beside the fox'
 */
export function insertMention(prompt: string, at: number, number: number): string {
  const before = prompt.slice(0, at).trimEnd();
  const after = prompt.slice(at).trimStart();
  const alone = before === '' || PREPOSITION.test(before) || /[.,;:!?]$/.test(before);
  const mention = `${before === '' ? '' : ' '}${alone ? '' : 'of '}image ${number}`;
  return before + mention + (after === '' || /^[,.;:!?]/.test(after) ? '' : ' ') + after;
}

/**
 * The prompt after a picture moves in the list, so that its words still mention the same pictures.
 * @param from index of the picture
 * @param to its index afterwards
 * @example followMove('the cat of image 1', 0, 1) // 'the cat of image 2'
 */
export function followMove(prompt: string, from: number, to: number): string {
  const indexAfter = (index: number) => {
    if (index === from) return to;
    if (from < index && index <= to) return index - 1;
    return to <= index && index < from ? index + 1 : index;
  };
  return findMentions(prompt).reduceRight((text, { number, start, end }) => {
    const index = indexAfter(number - 1);
    const words = text.slice(start, end);
    const moved = /\d/.test(words)
      ? words.replace(/\d+$/, String(index + 1))
      : words.replace(/^\w+/, ORDINALS[index] ?? '$&');
    return text.slice(0, start) + moved + text.slice(end);
  }, prompt);
}
