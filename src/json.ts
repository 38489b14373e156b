/** Reads JSON from outside. Every error names the file. */

import { OmniError } from './errors.ts';

/** Deeper than any configuration or header. Deeper text is refused before it is parsed. */
const MAX_DEPTH = 64;

/** Follows a string that is a key. */
const COLON = /[ \t\r\n]*:/y;

/**
 * Parses JSON. Stricter than `JSON.parse`: refuses invalid UTF-8, more than 64 levels of nesting, and
 * duplicate keys. Taking one of two values silently would hide a damaged file.
 *
 * @example
 * const config = parseTransformerConfig(parseJson(bytes, 'config.json'), 'config.json');
 *
 * @param what how messages name the text: the file, or "the header of" the file
 * @throws OmniError `bad_checkpoint` for these and for text that is not JSON
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  const text = decodeUtf8(bytes, what);
  if (text.trim() === '') throw notJson(what, 'it is empty');
  checkStructure(text, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const constant = /(?<=[:[,]\s*)-?(NaN|Infinity)\b/.exec(text);
    if (constant) throw notJson(what, `it contains ${constant[0]}, which JSON does not allow`, cause);
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

/** Formats a value for an error message: on one line, at most 60 characters. */
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

/** Checks the depth and the keys of every object, in one pass over the text outside of strings. */
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

/** Decodes a quoted string. Returns an invalid one unchanged: the parser refuses it later. */
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
