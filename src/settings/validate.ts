/** Validates data from outside with a zod schema and says what is wrong in the words of the settings. */

import type * as z from 'zod/mini';
import { MAX_NEW_TOKENS, SAMPLING_SETTINGS } from './answer-settings.ts';
import { DRAW_SETTINGS } from './draw-settings.ts';
import { ADAPTER_STRENGTH, ROUNDS } from './job-settings.ts';
import type { Setting } from './setting.ts';

/** The first thing that is wrong with some data. */
export interface Problem {
  /** The place in the data, from the outside in. */
  readonly path: readonly PropertyKey[];
  /** The setting that is wrong, if the value is one. */
  readonly setting: Setting | undefined;
  readonly value: unknown;
  /** What the value must be, after the words "must be". */
  readonly expected: string;
  /** A field that the schema does not know, if that is the problem. */
  readonly unknownField: string | undefined;
}

export type Validated<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

/** Checks data; never throws. Files and typed arrays in it are not copied. */
export function validate<Value>(schema: z.ZodMiniType<Value>, data: unknown): Validated<Value> {
  const result = schema.safeParse(data, { error: expectedWords });
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  const { path, setting } = placeOf(issue.path);
  const problem = {
    path,
    setting,
    value: valueAt(data, path),
    expected: setting?.kind ?? issue.message,
    unknownField: issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined,
  };
  return { ok: false, problem };
}

/** A path as people write it: `adapters[0].file`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** Settings by their field names in requests. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  ...DRAW_SETTINGS,
  ...SAMPLING_SETTINGS,
  maxNewTokens: MAX_NEW_TOKENS,
  rounds: ROUNDS,
  strength: ADAPTER_STRENGTH,
};

/** The part of a path that ends with a setting; all of it if there is none. */
function placeOf(path: readonly PropertyKey[]) {
  const at = path.findIndex((key) => typeof key === 'string' && Object.hasOwn(SETTINGS, key));
  return at < 0
    ? { path, setting: undefined }
    : { path: path.slice(0, at + 1), setting: SETTINGS[String(path[at])] };
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
};

/** The words after "must be" for schemas that have none of their own. */
const expectedWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    default:
      return 'of a known kind';
  }
};
