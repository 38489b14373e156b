/** Reads JSON that came from outside: nothing is believed, and every refusal names the file. */

import { OmniError } from './errors.ts';

/** Deeper nesting than any configuration or header has; refused before a parser sees it. */
const MAX_DEPTH = 64;

/** What follows a string that is a key. */
const COLON = /[ \t\r\n]*:/y;

/**
 * Parses the JSON in a file.
 *
 * Stricter than `JSON.parse`: invalid UTF-8, nesting beyond 64 levels and an object that names a key twice are refused,
 * because a reader that silently takes one of two values hides a damaged file.
 * @param what how messages name it: the file, or "the header of" the file.
 * @throws OmniError `bad_checkpoint` for all of these and for text that is not JSON.
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  const text = decodeUtf8(bytes, what);
  if (text.trim() === '') throw notJson(what, 'it is empty');
  checkStructure(text, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const constant = /(?<=[:[,]\s*)-?(NaN|Infinity)\b/.exec(text);
    if (constant) throw notJson(what, `it holds ${constant[0]}, which JSON does not have`, cause);
    throw notJson(
      what,
      cause instanceof Error ? cause.message.split('\n', 1)[0] : 'it cannot be parsed',
      cause,
    );
  }
}

/** Whether a value is a JSON object (not null, not an array). */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as an error message quotes it: short, on one line. */
export function quote(value: unknown): string {
  const text =
    value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notJson(what, 'it is not UTF-8 text', cause);
  }
}

/** Walks the text once, outside of string contents: depth, and the keys of every object that is open. */
function checkStructure(text: string, what: string): void {
  const open: (Set<string> | undefined)[] = [];
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    if (c === '{' || c === '[') {
      open.push(c === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH) throw notJson(what, `it is nested deeper than ${MAX_DEPTH} levels`);
      i++;
    } else if (c === '}' || c === ']') {
      open.pop();
      i++;
    } else if (c === '"') {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      COLON.lastIndex = end;
      if (keys && COLON.test(text)) {
        const key = unescaped(text.slice(i, end));
        if (keys.has(key)) throw notJson(what, `it names ${quote(key)} twice`);
        keys.add(key);
      }
      i = end;
    } else {
      i++;
    }
  }
}

/** Index after the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

/** A quoted string without its quotes and escapes; what is no valid string stays as it is, for the parser to refuse. */
function unescaped(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

function notJson(what: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${what} is not valid JSON: ${why}.`,
    action: 'Fetch the file again from where the checkpoint came from.',
    cause,
  });
}
