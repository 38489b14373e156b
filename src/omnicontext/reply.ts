/**
 * What a judge's reply says: the score it gives, and why.
 *
 * Judges are asked for `{"score": …, "reasoning": …}` with a score of 0 … 10, and write many other things. This reader
 * takes whatever a person would read as one score; `official-reply.ts` reads as the official code does.
 */

/** One judgement. */
export interface Reply {
  /** 0 … 10. */
  readonly score: number;
  /** Empty if the judge gave no reason. */
  readonly reasoning: string;
}

const MAX_SCORE = 10;
/** `7`, `7.5`, `7/10`, `7 out of 10`. */
const SCORE = String.raw`([+-]?\d+(?:\.\d+)?)(?:\s*(?:\/|out\s+of)\s*10(?:\.0+)?)?`;
const WHOLE = new RegExp(`^${SCORE}$`, 'i');
const LIST = /^\[([^[\]]*)\]$/;
const LABELLED = new RegExp(
  String.raw`\bscore\b["'*]*\s*(?:[:=]|\bis\b|\bof\b)["'*\s]*(\[[^[\]]*\]|${SCORE}(?![\d.]*\d))`,
  'i',
);
const REASON = /\breasoning\b["'*]*\s*[:=]\s*(.*)/is;

/**
 * Reads a reply: JSON with or without words around it, line breaks inside strings, quoted scores, keys without quotes,
 * a bare number, `Score: 7/10`, a list. Of a list of several scores the lowest counts, as in VIEScore, whose prompts the
 * benchmark's derive from.
 * @returns undefined if the reply gives no score from 0 to 10
 */
export function readReply(text: string): Reply | undefined {
  // Digits of full width, as Chinese replies have them, are digits.
  const plain = text.normalize('NFKC').trim();
  for (const object of objectsOf(plain)) {
    const score = scoreOf(object.score);
    if (score === undefined) continue;
    const { reasoning } = object;
    return { score, reasoning: typeof reasoning === 'string' ? reasoning.trim() : '' };
  }
  const bare = scoreOf(plain);
  if (bare !== undefined) return { score: bare, reasoning: '' };
  const labelled = scoreOf(LABELLED.exec(plain)?.[1]);
  return labelled === undefined ? undefined : { score: labelled, reasoning: looseReasoning(plain) };
}

/** The score that a value stands for, if it is one from 0 to 10. */
function scoreOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 && value <= MAX_SCORE ? value : undefined;
  if (Array.isArray(value)) {
    const scores = value.map(scoreOf).filter((score) => score !== undefined);
    return scores.length > 0 && scores.length === value.length ? Math.min(...scores) : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const list = LIST.exec(text)?.[1];
  if (list !== undefined) return scoreOf(list.split(',').map(unquoted));
  const number = WHOLE.exec(text)?.[1];
  return number === undefined ? undefined : scoreOf(Number(number));
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}

/** The JSON objects in a text, outermost ones, in their order. */
function* objectsOf(text: string): Generator<Record<string, unknown>> {
  for (let at = text.indexOf('{'); at >= 0; ) {
    const end = objectEnd(text, at);
    const object = end === undefined ? undefined : parsedObject(text.slice(at, end));
    if (object) yield object;
    at = text.indexOf('{', object && end !== undefined ? end : at + 1);
  }
}

/** Where the object that opens at `start` closes, braces inside its strings left aside. */
function objectEnd(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}

function parsedObject(json: string): Record<string, unknown> | undefined {
  try {
    // Line breaks and tabs are not allowed inside JSON strings; judges write them all the same.
    const value: unknown = JSON.parse(json.replaceAll(/\p{Cc}+/gu, ' '));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What follows the word "reasoning", without the braces and quotes of a broken object. */
function looseReasoning(text: string): string {
  const [, found = ''] = REASON.exec(text) ?? [];
  return found
    .trim()
    .replace(/^["']/, '')
    .replace(/["']?\s*,?\s*\}?\s*(?:```)?$/, '')
    .replaceAll(/\s+/g, ' ');
}
