/**
 * A setting: the schema of its values, its default, and the words that people read about it.
 *
 * The page's controls, the options of the command line, the library's argument checks and the messages
 * between page and worker are all made from these. A limit or a sentence stands nowhere else.
 */

// The small build of zod: with the other one every page would load 20 kB more.
import * as z from 'zod/mini';
import { grouped, valueWords } from './value-words.ts';

// A page's content security policy may forbid code made from strings. zod then works without it, but it first
// tries, and the browser reports that as a violation of the policy.
z.config({ jitless: true });

export interface Setting<Value = unknown, Default extends Value | undefined = Value | undefined> {
  /** Accepts the allowed values. The message of its issues is {@link kind}. */
  readonly schema: z.ZodMiniType<Value>;
  /** Undefined where the default follows from the model or is random. */
  readonly default: Default;
  /** The name in sentences, such as "text guidance". */
  readonly name: string;
  /** One line for `--help`. */
  readonly help: string;
  /** Such as "pixels". */
  readonly unit: string | undefined;
  /** What a value must be, after the words "must be": "a whole number from 1 to 1,000". */
  readonly kind: string;
  /** A value as it is typed on the command line, if that is not obvious. */
  readonly example: string | undefined;
  /** What to do about a wrong value, as a sentence. */
  readonly advice: string;
  /** The sentence about a wrong value. */
  refusal(value: unknown): string;
  /** The value that a text of the command line stands for; the schema checks it afterwards. */
  fromText(text: string): unknown;
}

/** A range of numbers and the distance between neighbours, as sliders have it. */
export interface UsualRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export interface NumberSetting<Default extends number | undefined = number | undefined>
  extends Setting<number, Default> {
  readonly min: number;
  readonly max: number;
  /** The range that sliders show. People may type any number from `min` to `max`. */
  readonly usual: UsualRange;
}

export interface ChoiceSetting<Choice extends string = string> extends Setting<Choice, Choice> {
  readonly choices: readonly Choice[];
}

/** What every kind of setting takes. `refusal` replaces the usual sentence about a wrong value. */
interface Words {
  readonly name: string;
  readonly help: string;
  readonly advice: string;
  readonly unit?: string;
  readonly example?: string;
  readonly refusal?: (value: unknown) => string;
}

interface NumberOptions<Default> extends Words {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly default: Default;
  /** From `min` to `max`, in steps of 1, if it is absent. */
  readonly usual?: UsualRange;
}

/** A number from `min` to `max`, both included. */
export function numberSetting<const Default extends number | undefined>(
  options: NumberOptions<Default>,
): NumberSetting<Default> {
  const { min, max, whole, default: usualValue, usual = { min, max, step: 1 } } = options;
  const kind = `a ${whole ? 'whole number' : 'number'} from ${grouped(min)} to ${grouped(max)}`;
  const error = () => kind;
  const limits = [z.minimum(min, { error }), z.maximum(max, { error })] as const;
  return {
    ...setting(options, kind),
    schema: (whole ? z.int({ error }) : z.number({ error })).check(...limits),
    default: usualValue,
    ...{ min, max, usual },
    fromText: numberFromText,
  };
}

/** One of several words. */
export function choiceSetting<const Choices extends readonly string[]>(
  options: Omit<Words, 'advice'> & { readonly choices: Choices; readonly default: Choices[number] },
): ChoiceSetting<Choices[number]> {
  const { name, choices, default: usualValue } = options;
  const kind = `one of ${choices.join(', ')}`;
  const words = {
    ...options,
    advice: `Choose ${kind}.`,
    refusal: (value: unknown) => `There is no ${name} ${valueWords(value)}.`,
  };
  return {
    ...setting(words, kind),
    schema: z.enum(choices, { error: () => kind }),
    default: usualValue,
    choices,
  };
}

export function flagSetting(options: Words & { readonly default: boolean }): Setting<boolean, boolean> {
  const kind = 'true or false';
  return {
    ...setting(options, kind),
    schema: z.boolean({ error: () => kind }),
    default: options.default,
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  };
}

export function textSetting(options: Words & { readonly default: string }): Setting<string, string> {
  const kind = 'text';
  return {
    ...setting(options, kind),
    schema: z.string({ error: () => kind }),
    default: options.default,
  };
}

/** Where a part of a whole starts and ends, as fractions of it. */
export type FractionRange = readonly [start: number, end: number];

/** Two fractions, the second not below the first. */
export function rangeSetting(
  options: Words & { readonly default: FractionRange },
): Setting<FractionRange, FractionRange> {
  const kind = 'two numbers within 0 to 1 in rising order';
  const error = () => kind;
  const fraction = z.number({ error }).check(z.minimum(0, { error }), z.maximum(1, { error }));
  return {
    ...setting({ ...options, example: options.default.join(',') }, kind),
    schema: z.readonly(
      z.tuple([fraction, fraction], { error }).check(z.refine(([start, end]) => start <= end, { error })),
    ),
    default: options.default,
    fromText: (text) => text.split(',').map(numberFromText),
  };
}

/** What all kinds of settings share. */
function setting({ name, help, unit, example, advice, refusal }: Words, kind: string) {
  return {
    ...{ name, help, unit, kind, example, advice },
    refusal: refusal ?? ((value: unknown) => `The ${name} ${valueWords(value)} is not ${kind}.`),
    fromText: (text: string): unknown => text,
  };
}

function numberFromText(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** Settings by their names. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** A value for every setting of a table. */
export type ValuesOf<Table extends SettingTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never;
};

/** The shape of a zod object with all settings of a table. */
export function shapeOf<Table extends SettingTable>(table: Table) {
  const schemas = Object.entries(table).map(([name, { schema }]) => [name, schema]);
  return Object.fromEntries(schemas) as { readonly [Name in keyof Table]: Table[Name]['schema'] };
}
