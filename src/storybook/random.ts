/** Seeded chance: the same seed gives the same draws on every machine. */
export class Random {
  private state: number;
  /**
   * Whether pictures follow from their words: things stand in columns (columns.ts) and not wherever there is room, what is
   * named first on the left.
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

  /** In [0, 1). */
  unit(): number {
    return this.bits() / 4294967296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** The jitter of a background. */
  seed(): number {
    return this.bits() % 1000000;
  }

  /** Whether words leave open what they could tell: where a thing stands, which of two they name first. */
  omits(p: number): boolean {
    return this.chance(p);
  }

  /** Whether a detail that no words tell is there. */
  hasUnstated(p: number): boolean {
    return this.chance(p);
  }

  /** A whole number in [low, high]. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(p: number): boolean {
    return this.unit() < p;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error('nothing to pick from');
    return choices[Math.floor(this.unit() * choices.length)] as T;
  }

  /** Pick by weight. */
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

  /** A child generator, independent of later draws from this one. */
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

/** Mixes whole numbers into 32 bits. */
export function mix(a: number, b = 0): number {
  let h = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Lies of the land that each place has in the default mix. */
export const BACKGROUND_SEEDS = 3;

/**
 * Chance for the default mix: all that words can tell is drawn freely, what they cannot tell (the exact place and
 * build of a thing, the lie of the land) is the usual one. A picture then follows from its request nearly without
 * doubt, and that is learnt from far fewer pictures.
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
  /** What is not in the middle is said to be where it is, and what is named first stands on the left. */
  override omits(_: number): boolean {
    return false;
  }
  override hasUnstated(p: number): boolean {
    return p > 0.5;
  }
}

/**
 * Chance that always takes the first choice and what is likelier: for answers, which must have one right form
 * whatever wording their question drew.
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
