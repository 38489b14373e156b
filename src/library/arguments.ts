/**
 * Checks the arguments of the library's calls, because pages in plain JavaScript have no compiler: kinds of
 * values, names of options, and the limits of settings. Each check throws OmniError `bad_request`, which
 * names the argument.
 */

import * as z from 'zod/mini';
import { OmniError } from '../errors.ts';
import { BACKEND_CHOICES, isFile } from '../protocol.ts';
import { MAX_NEW_TOKENS, SAMPLING_SETTINGS } from '../settings/answer-settings.ts';
import { DRAW_SETTINGS } from '../settings/draw-settings.ts';
import { ADAPTER_STRENGTH, ROUNDS } from '../settings/job-settings.ts';
import { shapeOf } from '../settings/setting.ts';
import { type Problem, pathText, validate } from '../settings/validate.ts';
import { tagOf, valueWords } from '../settings/value-words.ts';

const text = z.string();
const listener = z.optional(z.custom((value) => typeof value === 'function', 'a function'));
const signal = z.optional(z.custom(isSignal, 'an AbortSignal'));
const file = z.custom(isFile, 'a file (Blob or File)');
const files = z.optional(
  z.custom(
    (value) => Array.isArray(value) && value.every(isFile),
    'an array of picture files (Blob or File)',
  ),
);
const model = z.optional(
  z.custom(
    (value) => isAddress(value) || isPickedFolder(value),
    'the address of a folder with a manifest.json (text or a URL), or a picked folder (its handle, or the files of <input webkitdirectory>)',
  ),
);
const backend = z.optional(z.enum(BACKEND_CHOICES, '"auto", "webgpu" or "wasm"'));
const settings = z.partial(z.strictObject(shapeOf(DRAW_SETTINGS)));
const sampling = z.partial(z.strictObject(shapeOf(SAMPLING_SETTINGS)));

const job = { signal, onEvent: listener };
const askShape = {
  pictures: files,
  maxNewTokens: z.optional(MAX_NEW_TOKENS.schema),
  sampling: z.optional(plain(sampling)),
};

const budgetBytes = z.optional(z.number('a number of bytes').check(z.positive('a number of bytes')));
const openOptions = z.strictObject({ model, backend, budgetBytes, onState: listener, signal });
const drawOptions = z.strictObject({
  references: files,
  rounds: z.optional(ROUNDS.schema),
  settings: z.optional(plain(settings)),
  ...job,
});
const askOptions = z.strictObject({ ...askShape, ...job });
const sayOptions = z.strictObject({ ...askShape, settings: z.optional(plain(settings)), ...job });
const adapter = z.strictObject({
  file,
  settings: z.optional(file),
  strength: z.optional(ADAPTER_STRENGTH.schema),
  name: z.optional(text),
});

export function checkOpen(options: unknown): void {
  check('open()', { options: plain(openOptions) }, { options }, openOptions.shape);
}

export function checkDraw(prompt: unknown, options: unknown): void {
  check('draw()', { prompt: text, options: plain(drawOptions) }, { prompt, options }, drawOptions.shape);
}

export function checkAsk(question: unknown, options: unknown): void {
  check('ask()', { question: text, options: plain(askOptions) }, { question, options }, askOptions.shape);
}

export function checkSay(words: unknown, options: unknown): void {
  const given = { text: words, options };
  check('say()', { text, options: plain(sayOptions) }, given, sayOptions.shape);
}

export function checkAdapters(adapters: unknown): void {
  const words = 'an array of adapters, each { file, strength, settings, name }';
  const list = z.array(plain(adapter), words);
  check('setAdapters()', { adapters: list }, { adapters }, adapter.shape);
}

export function checkPicture(picture: unknown): void {
  // An ImageData passes, too.
  const isPicture = (value: unknown) =>
    z.looseObject({ width: z.number(), height: z.number() }).safeParse(value).success &&
    tagOf(Reflect.get(Object(value), 'data')) === 'Uint8ClampedArray';
  const schema = z.custom(isPicture, 'a picture: { width, height, data }');
  check('pngOf()', { picture: schema }, { picture }, {});
}

/** The values of the nested options, by name. */
const NESTED: Readonly<Record<string, object>> = { settings: settings.shape, sampling: sampling.shape };

/** @param known the fields of the options, for the sentence about an unknown one */
function check(call: string, shape: z.core.$ZodShape, given: object, known: object): void {
  const checked = validate(z.object(shape), given);
  if (!checked.ok) throw refusal(call, checked.problem, known);
}

function refusal(call: string, problem: Problem, known: object): OmniError {
  // Options are named without "options".
  const path = problem.path[0] === 'options' ? problem.path.slice(1) : problem.path;
  const { unknownField, setting, expected, value } = problem;
  if (unknownField !== undefined) return unknownOption(call, path, unknownField, known);
  return new OmniError({
    code: 'bad_request',
    message: `${call}: "${pathText(path) || 'options'}" must be ${expected}, not ${valueWords(value)}.`,
    action: setting?.advice ?? 'See docs/guides/embed-in-a-page.md and the types in omnigen2.d.ts.',
  });
}

function unknownOption(call: string, path: readonly PropertyKey[], name: string, known: object): OmniError {
  const shape = NESTED[String(path.at(-1))] ?? known;
  const group = Object.keys(NESTED).find(
    (each) => Object.hasOwn(shape, each) && Object.hasOwn(NESTED[each], name),
  );
  return new OmniError({
    code: 'bad_request',
    message: `${call}: there is no option "${pathText([...path, name])}".`,
    action: group
      ? `It belongs into "${group}": { ${group}: { ${name}: … } }.`
      : `There are ${Object.keys(shape).join(', ')}.`,
  });
}

/**
 * A schema for plain objects. Without this check a file or a signal would pass as an object without fields.
 */
function plain<Shape extends z.core.$ZodShape>(schema: z.ZodMiniObject<Shape, z.core.$strict>) {
  const isPlain = (value: unknown) => tagOf(value) === 'Object';
  const words = `an object of ${Object.keys(schema.shape).join(', ')}`;
  return z.pipe(z.custom(isPlain, { error: words, abort: true }), schema);
}

function isSignal(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function'
  );
}

function isAddress(value: unknown): boolean {
  return tagOf(value) === 'URL' || (typeof value === 'string' && URL.canParse(value, 'http://page/'));
}

function isPickedFolder(value: unknown): boolean {
  if (tagOf(value) === 'FileSystemDirectoryHandle') return true;
  const isOfFolder = (each: unknown) =>
    isFile(each) && String(Reflect.get(Object(each), 'webkitRelativePath') ?? '').includes('/');
  return Array.isArray(value) && value.length > 0 && value.every(isOfFolder);
}
