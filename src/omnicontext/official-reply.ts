/**
 * Reads a judge's reply exactly as the official benchmark does, so that its scores can be compared: newlines are deleted,
 * a repaired score is a list, a quoted one a string, and much that a person could read is an error.
 * Source: OmniGen2 `omnicontext/json_util.py`, mllm_output_to_dict and fix_json
 */

/** What the official function returns, or the name of the Python error that it raises. */
export type OfficialReply =
  | { readonly status: 'ok'; readonly value: unknown }
  | { readonly status: 'Exception' | 'JSONDecodeError'; readonly value: null };

/** What Python's `int` accepts. */
const PYTHON_INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;
const NO_SCORE: OfficialReply = { status: 'Exception', value: null };
/** What Python's `\w` matches. */
const KEY = /([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+):/gu;
const ENTRY = /("[^\n]*?"):([^\n]*?)(,|\})/gu;

/** Numbers that are not finite, which Python's JSON has names for, are errors here. */
export function officialReply(text: string): OfficialReply {
  if (text === 'rate_limit_exceeded') return { status: 'ok', value: text };
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}') + 1;
  if (start < 0 || end === 0) return bareScore(text);
  if (start === end) return NO_SCORE;
  const json = text.slice(start, Math.max(start, end)).trim().replaceAll('\n', '');
  const parsed = decoded(json);
  return parsed.status === 'ok' ? parsed : decoded(repaired(json));
}

function bareScore(text: string): OfficialReply {
  // NFKC turns digits of full width, which Python reads as well, into plain ones.
  const plain = text.normalize('NFKC');
  if (!PYTHON_INTEGER.test(plain)) return NO_SCORE;
  const score = Math.abs(Number(plain.replaceAll('_', '')));
  if (score > 10 || (score > 0 && plain.includes('-'))) return NO_SCORE;
  return { status: 'ok', value: { score, reasoning: 'System: output is simply a number' } };
}

function decoded(json: string): OfficialReply {
  try {
    return { status: 'ok', value: JSON.parse(json) as unknown };
  } catch {
    return { status: 'JSONDecodeError', value: null };
  }
}

/** Quotes keys and texts, and puts numbers into lists. */
function repaired(json: string): string {
  return json
    .replaceAll(KEY, '"$1":')
    .replaceAll(
      ENTRY,
      (_, key: string, value: string, end: string) => `${key}: ${quotedValue(value.trim())}${end}`,
    );
}

function quotedValue(value: string): string {
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return `[${value}]`;
  return /^(?:true|false|null)$/i.test(value) ? value : `"${value}"`;
}
