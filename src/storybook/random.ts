/**
 * A seeded random number generator: the same seed gives the same numbers on every machine.
 * Scenes drawn with it are the wide mix: things stand anywhere, in any build.
 */
export class Random {
  private state: number;
  /**
   * Whether things stand in columns (columns.ts), in the order in which words name them, instead of anywhere.
   */
  readonly usesColumns: boolean = false;

  constructor(seed: number) {
    this.state = seed >>> 0 || 0x9e3779b9;
    this.bits();
    this.bits();
  }

  /** 32 random bits (mulberry32). */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.bits() / 4294967296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** The seed of a background. */
  seed(): number {
    return this.bits() % 1000000;
  }

  /**
   * Whether words omit something that they could state, such as where a thing stands. True with probability
   * `p`.
   */
  omits(p: number): boolean {
    return this.chance(p);
  }

  /** Whether a detail that words never state is drawn. True with probability `p`. */
  hasUnstated(p: number): boolean {
    return this.chance(p);
  }

  /** A whole number in [low, high]. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.unit() < p;
  }

  /** One of the choices, all equally likely. */
  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('nothing to pick from');
    return choices[Math.floor(this.unit() * choices.length)] as T;
  }

  /** One of the choices, by their weights. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let total = 0;
    for (const [, w] of choices) total += w;
    let r = this.unit() * total;
    for (const [value, w] of choices) {
      r -= w;
      if (r < 0) return value;
    }
    return choices[choices.length - 1]![0];
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = items.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = Math.floor(this.unit() * (i + 1));
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  sample<T>(items: readonly T[], n: number): T[] {
    return this.shuffle(items).slice(0, n);
  }

  /** A child generator. Later draws from this one do not change it. */
  fork(): Random {
    return new Random(this.bits());
  }
}

/** 32-bit hash of a text (FNV-1a, then mixed). */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  return mix(h);
}

/** A 32-bit hash of one or two whole numbers. */
export function mix(a: number, b = 0): number {
  let h = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Number of background seeds in the default mix. */
export const BACKGROUND_SEEDS = 3;

/**
 * The generator of the default mix. Everything that words can state is random; what they cannot state (the
 * exact position and build of a thing, the seed of the background) takes its mean or one of a few values. A
 * request then nearly determines its picture, so a model learns it from far fewer pictures.
 */
export class SteadyRandom extends Random {
  override readonly usesColumns = true;
  override between(low: number, high: number): number {
    return (low + high) / 2;
  }
  override seed(): number {
    return this.bits() % BACKGROUND_SEEDS;
  }
  override fork(): SteadyRandom {
    return new SteadyRandom(this.bits());
  }
  /** Words always say where a thing stands that is not in the middle, and name things from left to right. */
  override omits(_: number): boolean {
    return false;
  }
  override hasUnstated(p: number): boolean {
    return p > 0.5;
  }
}

/**
 * Always takes the first choice, and the likelier of two. Answers use it, because each has one right form
 * whatever the wording of its question.
 */
class FirstChoice extends Random {
  override bits(): number {
    return 0;
  }
  override chance(p: number): boolean {
    return p > 0.5;
  }
  override shuffle<T>(items: readonly T[]): T[] {
    return items.slice();
  }
  override weighted<T>(choices: readonly (readonly [T, number])[]): T {
    return (choices[0] as readonly [T, number])[0];
  }
}
export const FIRST_CHOICE: Random = new FirstChoice(0);
