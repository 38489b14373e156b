/**
 * Parses a judge's reply: its score and its reasoning.
 *
 * Judges are asked for `{"score": …, "reasoning": …}` with a score of 0 … 10, but write many other things.
 * This parser accepts everything that a person would read as one score; `official-reply.ts` accepts what the
 * official code accepts.
 */

/** A parsed reply. */
export interface Reply {
  /** 0 … 10. */
  readonly score: number;
  /** Empty if the reply has none. */
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
 * Parses a reply. It accepts JSON with or without words around it, with line breaks inside strings, quoted
 * scores or keys without quotes; a bare number; `Score: 7/10`; and a list. The lowest score of a list counts,
 * as in VIEScore, from which the benchmark's prompts derive.
 *
 * @returns undefined if the reply has no score from 0 to 10
 * @example
 * parseReply('**Score**: 7/10'); // { score: 7, reasoning: '' }
 */
export function parseReply(text: string): Reply | undefined {
  // NFKC turns the full-width digits of Chinese replies into ASCII digits.
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

/** The score from 0 to 10 that a JSON value or a text holds, if any. */
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

/** The outermost JSON objects of a text, in order. */
function* objectsOf(text: string): Generator<Record<string, unknown>> {
  for (let at = text.indexOf('{'); at >= 0; ) {
    const end = objectEnd(text, at);
    const object = end === undefined ? undefined : parsedObject(text.slice(at, end));
    if (object) yield object;
    at = text.indexOf('{', object && end !== undefined ? end : at + 1);
  }
}

/** The end of the object that opens at `start`. Braces inside its strings do not count. */
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
    // Judges write line breaks and tabs inside JSON strings, which JSON does not allow.
    const value: unknown = JSON.parse(json.replaceAll(/\p{Cc}+/gu, ' '));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The text after the word "reasoning", without the braces and quotes of a broken object. */
function looseReasoning(text: string): string {
  const [, found = ''] = REASON.exec(text) ?? [];
  return found
    .trim()
    .replace(/^["']/, '')
    .replace(/["']?\s*,?\s*\}?\s*(?:```)?$/, '')
    .replaceAll(/\s+/g, ' ');
}
