/**
 * Random numbers that are the same on every machine. A seed and the name of a stream determine the sequence.
 *
 * The generator is xoshiro128** (Blackman and Vigna, 2018). Its 128-bit state comes from splitmix32, seeded
 * with the seed and a 32-bit FNV-1a hash of the stream's name. Normal numbers use Marsaglia's polar method.
 * Logarithm and exponential only use +, -, * and /, which, like `Math.sqrt`, are rounded correctly
 * everywhere. `Math.log` and `Math.exp` may differ between engines in the last digit.
 */

/**
 * The purpose of random numbers. Streams are independent: numbers of one do not depend on how many others
 * use.
 */
export type RandomStream = 'latents' | `vae/${number}` | `tokens/${number}`;

/** Returns the next number, uniform in [0, 1) with 53 random bits. */
export type Uniform = () => number;

/**
 * `count` standard normal numbers, rounded to float32.
 * @param seed a whole number, 0 … 2^32 - 1
 */
export function noise(seed: number, stream: RandomStream, count: number): Float32Array {
  const next = uniform(seed, stream);
  const values = new Float32Array(count);
  for (let i = 0; i < count; ) {
    const x = 2 * next() - 1;
    const y = 2 * next() - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const factor = Math.sqrt((-2 * naturalLog(square)) / square);
    values[i++] = x * factor;
    if (i < count) values[i++] = y * factor;
  }
  return values;
}

/** A source of uniform numbers. @param seed a whole number, 0 … 2^32 - 1 */
export function uniform(seed: number, stream: RandomStream): Uniform {
  const bits = xoshiro(seed, stream);
  return () => {
    const high = bits() >>> 5;
    const low = bits() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  };
}

function xoshiro(seed: number, stream: string): () => number {
  const fill = splitmix((seed ^ Math.imul(fnv1a(stream), 0x9e3779b1)) | 0);
  const mixed = splitmix(fnv1a(stream) ^ fill());
  const s = Uint32Array.of(fill(), mixed(), fill() ^ seed, mixed());
  // All zeros is the only state that the generator never leaves.
  if (s.every((word) => word === 0)) s[0] = 1;
  return () => {
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 11);
    return result;
  };
}

function splitmix(start: number): () => number {
  let state = start | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** ln(x) for normal x > 0, within 2e-16 of the true value, from correctly rounded operations. */
export function naturalLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  while (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln(m) = 2 atanh((m - 1) / (m + 1)). For |f| <= 0.172 the series is below 1e-17 after 11 terms.
  const f = (mantissa - 1) / (mantissa + 1);
  const square = f * f;
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return exponent * Math.LN2 + 2 * f * sum;
}

/** e^x for x <= 0, within 3e-16 of the true value, from correctly rounded operations; 0 below -700. */
export function exponential(x: number): number {
  if (x < -700) return 0;
  const halvings = Math.round(-x / Math.LN2);
  // The rest is within ln(2) / 2 of 0, where the series is below 1e-17 after 13 terms.
  const rest = x + halvings * LN2_HIGH + halvings * LN2_LOW;
  let sum = 1;
  for (let k = 13; k >= 1; k--) sum = 1 + (sum * rest) / k;
  return sum * 2 ** -halvings;
}

/** ln(2) in two parts. The first has few digits, so its products with integers up to 2000 are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
