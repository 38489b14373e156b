/** What all command lines of the project share: options from a table, help, errors for people, Ctrl-C. */

import { parseArgs } from 'node:util';
import { OmniError, reportOf } from '../src/errors.ts';
import { DRAW_SETTINGS } from '../src/settings/draw-settings.ts';
import type { Setting } from '../src/settings/setting.ts';
import { grouped } from '../src/settings/value-words.ts';

/** One option. With a `placeholder` it takes a value, without one it is a switch. */
export interface Option {
  readonly help: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly fallback?: string;
  /** The default that `--help` names for an option without `fallback`. */
  readonly statedDefault?: string;
  /** The values it accepts. */
  readonly oneOf?: readonly string[];
  /** The setting that it sets, which parses and checks the value. */
  readonly setting?: Setting;
}

/** A command and its options. */
export interface Command<Options extends Readonly<Record<string, Option>>> {
  /** The command as people type it, such as `npm run -s convert --`. */
  readonly call: string;
  readonly summary: string;
  readonly options: Options;
}

type Text<O extends Option> = O['oneOf'] extends readonly (infer Choice extends string)[] ? Choice : string;
type ValueOf<O extends Option> = O extends { setting: Setting<infer Value> }
  ? O extends { fallback: string }
    ? Value
    : Value | undefined
  : O extends { placeholder: string }
    ? O extends { multiple: true }
      ? readonly Text<O>[]
      : O extends { required: true } | { fallback: string }
        ? Text<O>
        : Text<O> | undefined
    : boolean;

/** The values of a command's options, by name. */
export type Values<Options extends Readonly<Record<string, Option>>> = {
  readonly [Name in keyof Options]: ValueOf<Options[Name]>;
};

/** Exit code for wrong arguments, as in shells. */
const EXIT_USAGE = 2;
const EXIT_FAILED = 1;
/** 128 + SIGINT. */
const EXIT_STOPPED = 130;
/** Longest line of an error, in characters. */
const MAX_LINE = 1000;
/** `--help` lists longer choices in the description of the option, in characters. */
const MAX_CHOICES = 40;

/**
 * The option of a setting, with its help, limits and default.
 *
 * @example
 * const { steps } = readArgs({ call, summary, options: { steps: settingOption(DRAW_SETTINGS.steps, 'N') } });
 *
 * @param words replace the help and the default of the setting; a setting without a default needs `fallback`
 */
export function settingOption<Value>(
  setting: Setting<Value>,
  placeholder: string,
  { help = setting.help, fallback = textOf(setting.default) }: { help?: string; fallback?: string } = {},
) {
  return { placeholder, help, fallback, oneOf: choicesOf(setting), setting };
}

/**
 * As {@link settingOption}, but the value is undefined if the option is absent.
 * @param statedDefault the default that `--help` names. Default: the setting's own
 */
export function optionalSetting<Value>(
  setting: Setting<Value>,
  placeholder: string,
  statedDefault = textOf(setting.default),
) {
  return { placeholder, help: setting.help, statedDefault, oneOf: choicesOf(setting), setting };
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

function choicesOf(setting: Setting): readonly string[] | undefined {
  return 'choices' in setting && Array.isArray(setting.choices) ? setting.choices : undefined;
}

/**
 * Reads a command's options. `--help` prints them and ends the process.
 *
 * @example
 * const { model, json } = readArgs({
 *   call: 'npm run -s look --',
 *   summary: 'Prints the size of a model.',
 *   options: { model: { placeholder: 'DIR', help: 'folder', required: true }, json: { help: 'print JSON' } },
 * });
 *
 * @throws OmniError `bad_request` for an unknown option, a missing one or a value that is not allowed
 */
export function readArgs<const Options extends Readonly<Record<string, Option>>>(
  command: Command<Options>,
  argv: readonly string[] = process.argv.slice(2),
): Values<Options> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(usage(command));
    process.exit(0);
  }
  const specs = Object.entries<Option>(command.options);
  const given = parse(specs, argv, command.call);
  const values = specs.map(([name, option]) => {
    const value = given[name] ?? option.fallback;
    if (option.placeholder === undefined) return [name, value === true];
    if (value === undefined && option.required) {
      throw wrong(`--${name} ${option.placeholder} is missing.`, command.call);
    }
    if ((value === '' && option.fallback !== '') || (Array.isArray(value) && value.includes(''))) {
      throw wrong(`--${name} ${option.placeholder} is empty.`, command.call);
    }
    if (option.setting && typeof value === 'string') return [name, settingValue(name, value, option.setting)];
    const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
    const other = list.find((item) => option.oneOf && !option.oneOf.includes(String(item)));
    if (other !== undefined) {
      throw wrong(`--${name} is "${other}", but must be one of ${option.oneOf?.join(', ')}.`, command.call);
    }
    return [name, option.multiple ? list : value];
  });
  return Object.fromEntries(values) as Values<Options>;
}

/** @throws OmniError `bad_request` for a value that the setting does not allow */
function settingValue(name: string, text: string, setting: Setting): unknown {
  const { schema, kind, example } = setting;
  const value = setting.fromText(text);
  if (schema.safeParse(value).success) return value;
  const words = example === undefined ? kind : `${kind}, such as ${example}`;
  throw wrong(`--${name} is "${text}", but must be ${words}.`);
}

/**
 * Parses a number that is no setting of the product.
 * @throws OmniError `bad_request` if the text is no number or the number is out of range
 */
export function numberOption(
  name: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    const kind = whole ? 'whole number' : 'number';
    throw wrong(`--${name} is "${text}", but must be a ${kind} from ${grouped(min)} to ${grouped(max)}.`);
  }
  return value;
}

/**
 * Parses a size in pixels, such as `128x96`.
 * @throws OmniError `bad_request` if it is none, or if no picture can have it
 */
export function sizeOption(name: string, text: string): { width: number; height: number } {
  const refuse = (words: string) =>
    new OmniError({
      code: 'bad_request',
      message: `--${name} is "${text}", but ${words}.`,
      action: `Write for example --${name} 128x128.`,
    });
  const [, ...sides] = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text.trim()) ?? [];
  if (sides.length === 0) throw refuse('must be width x height in pixels');
  const [width, height] = sides.map(Number);
  const { schema, kind } = DRAW_SETTINGS.width;
  if (!schema.safeParse(width).success || !schema.safeParse(height).success) {
    throw refuse(`each side must be ${kind}`);
  }
  return { width, height };
}

/**
 * Runs a command and sets the exit code of the process. Prints errors as two lines: what is wrong and what to
 * do. The first Ctrl-C aborts the signal, the second one ends the process.
 * @param doing the activity that failed, in messages of unexpected errors: "Drawing"
 * @param main returns the exit code; undefined is success
 */
export async function runCommand(
  doing: string,
  main: (signal: AbortSignal) => Promise<number | undefined>,
): Promise<void> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT_STOPPED);
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    process.exitCode = (await main(controller.signal)) ?? 0;
  } catch (error) {
    const { code, message, action } = reportOf(error, doing, controller.signal);
    console.error(code === 'cancelled' ? 'Stopped.' : `${oneLine(message)}\n${oneLine(action)}`);
    process.exitCode =
      code === 'cancelled' ? EXIT_STOPPED : code === 'bad_request' ? EXIT_USAGE : EXIT_FAILED;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Escapes control characters and shortens to {@link MAX_LINE}: names of files may contain anything. */
function oneLine(text: string): string {
  const plain = text.replaceAll(/\p{Cc}/gu, (character) =>
    character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const half = MAX_LINE / 2;
  return plain.length <= MAX_LINE ? plain : `${plain.slice(0, half)} … ${plain.slice(-half)}`;
}

function parse(
  specs: readonly [string, Option][],
  argv: readonly string[],
  call: string,
): Record<string, string | boolean | (string | boolean)[] | undefined> {
  const options = Object.fromEntries(
    specs.map(([name, { placeholder, multiple = false }]) => [
      name,
      { type: placeholder === undefined ? ('boolean' as const) : ('string' as const), multiple },
    ]),
  );
  try {
    return parseArgs({ args: joined(specs, argv), options, allowPositionals: false }).values;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.split('\n', 1)[0].split('. ', 1)[0] : String(cause);
    throw wrong(`${detail.replace(/\.$/, '')}.`, call, cause);
  }
}

/**
 * Turns `--seed -1` into `--seed=-1`, because Node refuses values that begin with a dash. No option has a
 * short form.
 */
function joined(specs: readonly [string, Option][], argv: readonly string[]): string[] {
  const valued = new Set(specs.flatMap(([name, { placeholder }]) => (placeholder ? [`--${name}`] : [])));
  const args: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const takesNext = valued.has(argv[i]) && /^-[^-]/.test(argv[i + 1] ?? '');
    args.push(takesNext ? `${argv[i]}=${argv[++i]}` : argv[i]);
  }
  return args;
}

function usage({ call, summary, options }: Command<Readonly<Record<string, Option>>>): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const choices = option.oneOf?.join('|') ?? '';
    const long = choices.length > MAX_CHOICES;
    const value = option.placeholder && ` ${long || choices === '' ? option.placeholder : choices}`;
    const notes = [
      option.required ? 'required' : '',
      option.multiple ? 'may be repeated' : '',
      limitsOf(option.setting),
      defaultOf(option),
    ].filter((note) => note !== '');
    const help = long ? `${option.help}: ${option.oneOf?.join(', ')}` : option.help;
    return [`--${name}${value ?? ''}`, help + (notes.length > 0 ? ` (${notes.join(', ')})` : '')];
  });
  const width = Math.max(...rows.map(([option]) => option.length));
  const lines = rows.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`);
  return [summary, '', `${call} [options]`, '', ...lines].join('\n');
}

function defaultOf({ fallback, statedDefault }: Option): string {
  const text = fallback ?? statedDefault ?? '';
  return text === '' ? '' : `default ${text}`;
}

/** "1 to 1,000", for settings that are numbers. */
function limitsOf(setting: Setting | undefined): string {
  if (!setting || !('min' in setting && 'max' in setting)) return '';
  const [min, max] = [Number(setting.min), Number(setting.max)];
  return `${grouped(min)} to ${grouped(max)}`;
}

function wrong(message: string, call?: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_request',
    message,
    action: call === undefined ? 'See --help.' : `See ${call} --help.`,
    cause,
  });
}
