/** Random bfloat16 weights by the name and shape of a tensor. */

import { elementCount } from '../../src/checkpoints/safetensors.ts';
import { noise } from '../../src/omnigen2/random.ts';
import { floatToBfloat } from '../../src/tensors/half.ts';

/** Lengths of the table of random numbers: primes, so that rows of a matrix do not repeat. */
const SHORT_TABLE = 65_521;
const LONG_TABLE = 4_194_301;
const SEED = 2520;

/** Mean and standard deviation of a tensor's values. */
interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * All tensors read the same table of normal numbers, each from another place. So weights are written as fast
 * as the disk allows.
 */
export class RandomWeights {
  readonly #normal: Float32Array;
  /** The table as bfloat16, by spread. A model has about 15 spreads. */
  readonly #tables = new Map<string, Uint8Array>();

  /** @param largest number of values of the largest tensor */
  constructor(largest: number) {
    this.#normal = noise(SEED, 'latents', largest > LONG_TABLE ? LONG_TABLE : SHORT_TABLE);
  }

  /** The bytes of a tensor in parts of at most 8 MB. They are views: do not change them. */
  *bytes(name: string, shape: readonly number[]): Generator<Uint8Array> {
    const table = this.#table(spreadOf(name, shape));
    const { length } = this.#normal;
    let left = elementCount(shape);
    let at = hash(name) % length;
    while (left > 0) {
      const count = Math.min(left, length - at);
      yield table.subarray(2 * at, 2 * (at + count));
      left -= count;
      at = 0;
    }
  }

  #table({ mean, deviation }: Spread): Uint8Array {
    const key = `${mean} ${deviation}`;
    const known = this.#tables.get(key);
    if (known) return known;
    const made = new Uint8Array(floatToBfloat(this.#normal.map((value) => mean + deviation * value)).buffer);
    this.#tables.set(key, made);
    return made;
  }
}

/** Matrices and convolutions keep the size of their input; gains are near 1, biases and embeddings near 0. */
function spreadOf(name: string, shape: readonly number[]): Spread {
  if (name.endsWith('.bias') || name.includes('embed_tokens')) return { mean: 0, deviation: 0.02 };
  if (shape.length === 1) return { mean: 1, deviation: 0.1 };
  return { mean: 0, deviation: 1 / Math.sqrt(elementCount(shape.slice(1))) };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
