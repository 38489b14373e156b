/**
 * Reads fields of a parsed configuration file. Every error names the file, the field, its value and the
 * allowed values.
 */

import { OmniError } from '../errors.ts';
import { isObject, quote } from '../json.ts';

/** Larger than any dimension of such a model, and small enough that products of two stay exact. */
const MAX_SIZE = 2 ** 24;

/** Which values an integer field accepts. */
export interface IntegerRange {
  readonly min?: number;
  readonly max?: number;
  /** The official default, for an absent field. Without it the field is required. */
  readonly absent?: number;
}

export class ConfigFields {
  readonly file: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /**
   * @param value the parsed file, or the object at `path` in it
   * @param file how messages name the file
   * @param path prefix of field names in messages, such as `vision_config.`
   * @throws OmniError `bad_checkpoint` if the value is not an object
   */
  constructor(value: unknown, file: string, path = '') {
    this.file = file;
    this.#path = path;
    if (!isObject(value)) {
      throw badConfig(file, `${path === '' ? 'it' : path.slice(0, -1)} is ${quote(value)}, not an object`);
    }
    this.#values = value;
  }

  /** Whether the field exists and is not null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#values, name) && this.#values[name] !== null;
  }

  /** Whether the field holds a list. */
  isList(name: string): boolean {
    return this.has(name) && Array.isArray(this.#values[name]);
  }

  /** The fields of a nested object. */
  object(name: string): ConfigFields {
    return new ConfigFields(this.#require(name), this.file, `${this.#path}${name}.`);
  }

  /** A whole number, by default at least 1. */
  integer(name: string, { min = 1, max = MAX_SIZE, absent }: IntegerRange = {}): number {
    if (absent !== undefined && !this.has(name)) return absent;
    const value = this.#require(name);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw this.wrong(name, `must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** A finite number greater than zero. */
  positive(name: string, absent?: number): number {
    if (absent !== undefined && !this.has(name)) return absent;
    const value = this.#require(name);
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw this.wrong(name, 'must be a number greater than 0');
    }
    return value;
  }

  /** A finite number. */
  number(name: string, absent?: number): number {
    if (absent !== undefined && !this.has(name)) return absent;
    const value = this.#require(name);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(name, 'must be a number');
    return value;
  }

  boolean(name: string, absent?: boolean): boolean {
    if (absent !== undefined && !this.has(name)) return absent;
    const value = this.#require(name);
    if (typeof value !== 'boolean') throw this.wrong(name, 'must be true or false');
    return value;
  }

  /** A list of whole numbers, each at least `min`. */
  integers(
    name: string,
    options: { length?: number; min?: number; absent?: readonly number[] } = {},
  ): number[] {
    const { length, min = 1, absent } = options;
    if (absent !== undefined && !this.has(name)) return [...absent];
    const value = this.#require(name);
    const fits = (item: unknown): item is number =>
      typeof item === 'number' && Number.isInteger(item) && item >= min && item <= MAX_SIZE;
    if (!Array.isArray(value) || !value.every(fits) || (length !== undefined && value.length !== length)) {
      throw this.wrong(
        name,
        `must be a list of ${length ?? ''} whole numbers of at least ${min}`.replace('  ', ' '),
      );
    }
    return value;
  }

  /** A list of `length` finite numbers. */
  numbers(name: string, length: number): number[] {
    const value = this.#require(name);
    const fits = (item: unknown): item is number => typeof item === 'number' && Number.isFinite(item);
    if (!Array.isArray(value) || !value.every(fits) || value.length !== length) {
      throw this.wrong(name, `must be a list of ${length} numbers`);
    }
    return value;
  }

  /** A list of strings. */
  strings(name: string): string[] {
    const value = this.#require(name);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.wrong(name, 'must be a list of names');
    }
    return value;
  }

  /**
   * Accepts only the given values.
   * @param absent the official default, for an absent field; without it the field is required
   * @throws OmniError `unsupported` for another value
   */
  only<T extends string | number | boolean>(name: string, supported: readonly T[], absent?: T): T {
    const value = absent !== undefined && !this.has(name) ? absent : this.#require(name);
    const match = supported.find((item) => item === value);
    if (match === undefined) {
      const shown = this.has(name) ? quote(value) : `absent, which means ${quote(value)}`;
      throw this.unsupported(name, `is ${shown}`, supported.map(quote).join(' or '));
    }
    return match;
  }

  /** The error for a well-formed value that this program does not implement. */
  unsupported(name: string, what: string, supported: string): OmniError {
    return new OmniError({
      code: 'unsupported',
      message: `${this.file}: ${this.#path}${name} ${what}; this program supports ${supported}.`,
      action: 'Use a checkpoint with the architecture of the released OmniGen2; its sizes may differ.',
    });
  }

  /** The error for an impossible value. */
  wrong(name: string, rule: string): OmniError {
    return badConfig(this.file, `${this.#path}${name} is ${quote(this.#values[name])}, but ${rule}`);
  }

  #require(name: string): unknown {
    if (!Object.hasOwn(this.#values, name)) throw badConfig(this.file, `${this.#path}${name} is missing`);
    return this.#values[name];
  }
}

function badConfig(file: string, why: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${file}: ${why}.`,
    action: 'Use the unchanged file of the checkpoint that the weights belong to.',
  });
}
