/** What every command line of the project shares: options from one table, help, errors in words, Ctrl-C. */

import { parseArgs } from 'node:util';
import { OmniError, reportOf } from '../src/errors.ts';

/** One option. With a `placeholder` it takes a value, without one it is a switch. */
export interface Option {
  readonly help: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly fallback?: string;
  /** The values it accepts. */
  readonly oneOf?: readonly string[];
}

/** A command: how it is called, what it does, and its options. */
export interface Command<Options extends Readonly<Record<string, Option>>> {
  /** As people type it, such as `npm run -s convert --`. */
  readonly call: string;
  readonly summary: string;
  readonly options: Options;
}

type Text<O extends Option> = O['oneOf'] extends readonly (infer Choice extends string)[] ? Choice : string;
type ValueOf<O extends Option> = O extends { placeholder: string }
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

/** Exit code of a command whose arguments were wrong, as shells have it. */
const EXIT_USAGE = 2;
const EXIT_FAILED = 1;
/** 128 + SIGINT. */
const EXIT_STOPPED = 130;
/** Longest line of an error, in characters. */
const MAX_LINE = 1000;
/** `--help` lists longer choices in the description of the option, in characters. */
const MAX_CHOICES = 40;

/**
 * Reads a command's options. `--help` prints them and ends the process.
 * @throws OmniError `bad_request` for an unknown option, a missing one or a value that is not allowed.
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
    const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
    const other = list.find((item) => option.oneOf && !option.oneOf.includes(String(item)));
    if (other !== undefined) {
      throw wrong(`--${name} is "${other}", but must be one of ${option.oneOf?.join(', ')}.`, command.call);
    }
    return [name, option.multiple ? list : value];
  });
  return Object.fromEntries(values) as Values<Options>;
}

/**
 * A number given as text.
 * @throws OmniError `bad_request` if it is none, or outside of its range.
 */
export function numberOption(
  name: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    const kind = whole ? 'whole number' : 'number';
    throw wrong(`--${name} is "${text}", but must be a ${kind} from ${min} to ${max}.`);
  }
  return value;
}

/**
 * A size in pixels given as text, such as `128x96`.
 * @throws OmniError `bad_request` if it is none.
 */
export function sizeOption(name: string, text: string): { width: number; height: number } {
  const [, width, height] = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text.trim()) ?? [];
  if (width === undefined) {
    throw new OmniError({
      code: 'bad_request',
      message: `--${name} is "${text}", but must be width x height in pixels.`,
      action: `For example: --${name} 128x128`,
    });
  }
  return { width: Number(width), height: Number(height) };
}

/**
 * A part of a whole given as text, such as `0.2,0.8`.
 * @throws OmniError `bad_request` if it is not two numbers within 0 to 1 in rising order.
 */
export function rangeOption(name: string, text: string): readonly [number, number] {
  const [start, end, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!(start >= 0 && start <= end && end <= 1) || more.length > 0) {
    throw wrong(
      `--${name} is "${text}", but must be two numbers within 0 to 1 in rising order, such as 0,0.6.`,
    );
  }
  return [start, end];
}

/**
 * Runs a command to its exit code. An error is printed as one sentence and what to do; Ctrl-C aborts the signal once and
 * ends the process the second time.
 * @param doing what failed, for errors that carry no words of their own.
 * @param main gives the exit code, or nothing for success.
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

/** Names from outside may hold line ends and control characters, and be thousands of characters long. */
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
 * `--seed -1` as `--seed=-1`: Node refuses a value that begins with a dash, and no option here has a short form that it
 * could be.
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
      option.fallback === undefined ? '' : `default ${option.fallback}`,
    ].filter((note) => note !== '');
    const help = long ? `${option.help}: ${option.oneOf?.join(', ')}` : option.help;
    return [`--${name}${value ?? ''}`, help + (notes.length > 0 ? ` (${notes.join(', ')})` : '')];
  });
  const width = Math.max(...rows.map(([option]) => option.length));
  const lines = rows.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`);
  return [summary, '', `${call} [options]`, '', ...lines].join('\n');
}

function wrong(message: string, call?: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_request',
    message,
    action: call === undefined ? 'See --help.' : `See ${call} --help.`,
    cause,
  });
}
