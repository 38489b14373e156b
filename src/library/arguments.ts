/**
 * What a page that is written in plain JavaScript may get wrong before the worker sees it: kinds of values, and names. What
 * is well-formed and cannot be drawn or said is refused by the worker.
 */

import { OmniError } from '../errors.ts';
import { isRecord } from '../is-record.ts';
import type { DrawSettings, Sampling } from '../protocol.ts';
import type { AdapterOptions, DrawOptions, JobOptions, OpenOptions, SayOptions } from './types.ts';

/** What a value must be, in words after "must be". */
interface Kind {
  readonly words: string;
  is(value: unknown): boolean;
}

/** What is known of an object by its fields; all may be left out but those that are `needed`. */
interface Shape {
  readonly fields: Readonly<Record<string, Kind | Shape>>;
  readonly needed?: readonly string[];
}

type Fields<Options> = { readonly [Name in keyof Options]-?: Kind | Shape };

/** Objects of the browser are told by their tags, for they may come from another frame. */
const tagged = (value: unknown, ...tags: string[]) =>
  tags.includes(Object.prototype.toString.call(value).slice('[object '.length, -1));
const file = (value: unknown) => tagged(value, 'Blob', 'File');

const text: Kind = { words: 'text', is: (value) => typeof value === 'string' };
const number: Kind = { words: 'a number', is: (value) => typeof value === 'number' };
const flag: Kind = { words: 'true or false', is: (value) => typeof value === 'boolean' };
const listener: Kind = { words: 'a function', is: (value) => typeof value === 'function' };
const signal: Kind = {
  words: 'an AbortSignal',
  is: (value) => isRecord(value) && 'aborted' in value && typeof value.addEventListener === 'function',
};
const blob: Kind = { words: 'a file (Blob or File)', is: file };
const blobs: Kind = {
  words: 'an array of picture files (Blob or File)',
  is: (value) => Array.isArray(value) && value.every(file),
};
const range: Kind = {
  words: 'an array of two numbers',
  is: (value) => Array.isArray(value) && value.length === 2 && value.every(number.is),
};
const address: Kind = {
  words: 'the address of a folder with a manifest.json (text or a URL)',
  is: (value) => tagged(value, 'URL') || (typeof value === 'string' && URL.canParse(value, 'http://page/')),
};
const backend: Kind = {
  words: '"auto", "webgpu" or "wasm"',
  is: (value) => value === 'auto' || value === 'webgpu' || value === 'wasm',
};

const JOB: Fields<JobOptions> = { signal, onEvent: listener };
const SETTINGS: Fields<DrawSettings> = {
  width: number,
  height: number,
  alignSize: flag,
  steps: number,
  seed: number,
  textGuidance: number,
  imageGuidance: number,
  guidanceRange: range,
  scheduler: text,
  acceleration: text,
  teaCacheThreshold: number,
  posterior: text,
  negativePrompt: text,
};
const SAMPLING: Fields<Sampling> = { temperature: number, topP: number, seed: number };
const OPEN: Fields<OpenOptions> = { model: address, backend, onState: listener, signal };
const DRAW: Fields<DrawOptions> = {
  references: blobs,
  rounds: number,
  settings: { fields: SETTINGS },
  ...JOB,
};
const { settings, ...ASK }: Fields<SayOptions> = {
  pictures: blobs,
  maxNewTokens: number,
  sampling: { fields: SAMPLING },
  settings: { fields: SETTINGS },
  ...JOB,
};
const ADAPTER: Fields<AdapterOptions> = { file: blob, settings: blob, strength: number, name: text };

/** @throws OmniError `bad_request`, as all of these: naming the argument that is not what the types say */
export function checkOpen(options: unknown): void {
  check('open()', 'options', options, { fields: OPEN });
}

export function checkDraw(prompt: unknown, options: unknown): void {
  check('draw()', 'prompt', prompt, text);
  check('draw()', 'options', options, { fields: DRAW });
}

export function checkAsk(question: unknown, options: unknown): void {
  check('ask()', 'question', question, text);
  check('ask()', 'options', options, { fields: ASK });
}

export function checkSay(words: unknown, options: unknown): void {
  check('say()', 'text', words, text);
  check('say()', 'options', options, { fields: { ...ASK, settings } });
}

export function checkAdapters(adapters: unknown): void {
  const call = 'setAdapters()';
  if (!Array.isArray(adapters)) {
    refuse(call, 'adapters', 'an array of adapters, each { file, strength, settings, name }', adapters);
  }
  adapters.forEach((adapter: unknown, i) => {
    check(call, `adapters[${i}]`, adapter, { fields: ADAPTER, needed: ['file'] });
  });
}

export function checkPicture(picture: unknown): void {
  // An ImageData is one, too.
  const is = isRecord(picture) && number.is(picture.width) && number.is(picture.height);
  if (is && tagged(picture.data, 'Uint8ClampedArray')) return;
  refuse('pngOf()', 'picture', 'a picture: { width, height, data }', picture);
}

function check(call: string, name: string, value: unknown, wanted: Kind | Shape): void {
  if ('is' in wanted) {
    if (!wanted.is(value)) refuse(call, name, wanted.words, value);
    return;
  }
  if (!tagged(value, 'Object')) refuse(call, name, `an object of ${listed(wanted.fields)}`, value);
  const given = Object.entries(value as object);
  for (const [field, held] of given) {
    const path = name === 'options' ? field : `${name}.${field}`;
    const kind = Object.hasOwn(wanted.fields, field) ? wanted.fields[field] : undefined;
    if (!kind) refuseName(call, path, field, wanted);
    // What is there but undefined is not said.
    if (held !== undefined) check(call, path, held, kind);
  }
  for (const field of wanted.needed ?? []) {
    const kind = wanted.fields[field];
    const found = given.find(([each]) => each === field)?.[1];
    if (found === undefined && 'is' in kind) refuse(call, `${name}.${field}`, kind.words, found);
  }
}

function refuse(call: string, name: string, words: string, value: unknown): never {
  throw new OmniError({
    code: 'bad_request',
    message: `${call}: "${name}" must be ${words}, not ${shown(value)}.`,
    action: 'Call it as docs/LIBRARY.md and the types (omnigen2.d.ts) say.',
  });
}

function refuseName(call: string, path: string, field: string, { fields }: Shape): never {
  const inside = Object.entries(fields).find(
    ([, kind]) => 'fields' in kind && Object.hasOwn(kind.fields, field),
  );
  throw new OmniError({
    code: 'bad_request',
    message: `${call}: there is no option "${path}".`,
    action: inside
      ? `It belongs into "${inside[0]}": { ${inside[0]}: { ${field}: … } }.`
      : `There are ${listed(fields)}.`,
  });
}

function listed(fields: Shape['fields']): string {
  return Object.keys(fields).join(', ');
}

/** A value in few characters. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `"${value.slice(0, 37)}…"` : `"${value}"`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  return `an object (${Object.prototype.toString.call(value).slice('[object '.length, -1)})`;
}
