/**
 * Parses a judge's reply exactly as the official benchmark does, so that scores are comparable. It deletes
 * newlines, returns a repaired score as a list and a quoted one as a string, and rejects many replies that a
 * person could read.
 * Source: OmniGen2 `omnicontext/json_util.py`, mllm_output_to_dict and fix_json
 */

/** The value that the official function returns, or the name of the Python error that it raises. */
export type OfficialReply =
  | { readonly status: 'ok'; readonly value: unknown }
  | { readonly status: 'Exception' | 'JSONDecodeError'; readonly value: null };

/** The texts that Python's `int` accepts. */
const PYTHON_INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;
const NO_SCORE: OfficialReply = { status: 'Exception', value: null };
/** A key of Python's `\w` characters. */
const KEY = /([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+):/gu;
const ENTRY = /("[^\n]*?"):([^\n]*?)(,|\})/gu;

/** Parses a reply. NaN and infinity, which Python's JSON accepts, are errors here. */
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
  // NFKC turns full-width digits, which Python accepts too, into ASCII digits.
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

/** Adds quotes to keys and texts, and puts numbers into lists. */
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
