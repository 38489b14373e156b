/**
 * Claims about a picture: each can be asked as a yes/no question, checked against a scene, and,
 * where it fails, put into a critique with its fix. `checks(scene)` lists what a scene makes true.
 */
import type { Claim, Who } from './claim.ts';
import {
  accessoryNoun,
  accessoryPhrase,
  article,
  BACKGROUND_NAME,
  BACKGROUND_NOUN,
  capital,
  NUMBER_WORDS,
  noun,
  nounPhrase,
  placePhrase,
  plural,
} from './grammar.ts';
import type { Random } from './random.ts';
import {
  type Accessory,
  countOf,
  middleOf,
  type Pattern,
  type Place,
  placeOf,
  type Scene,
  type Style,
  type Thing,
  type Time,
} from './scene.ts';

export interface Check {
  claim: Claim;
  /** "Does the cat wear a yellow hat?" */
  question: string;
  /** "the cat wears a yellow hat" */
  phrase: string;
  truth: boolean;
}

export function find(scene: Scene, who: Who): Thing | null {
  return (
    scene.things.find(
      (t) => t.who.kind === who.kind && (who.colour === null || t.who.colour === who.colour),
    ) ?? null
  );
}

export function holds(claim: Claim, scene: Scene): boolean {
  switch (claim.about) {
    case 'background':
      return scene.background === claim.background;
    case 'time':
      return scene.time === claim.time;
    case 'weather':
      return scene.weather === claim.weather;
    case 'style':
      return scene.style === claim.style;
    case 'order': {
      const l = find(scene, claim.left),
        r = find(scene, claim.right);
      return l !== null && r !== null && middleOf(l) + 6 < middleOf(r);
    }
    case 'between': {
      const t = find(scene, claim.who),
        l = find(scene, claim.left),
        r = find(scene, claim.right);
      if (!t || !l || !r) return false;
      const [a, b] = [middleOf(l), middleOf(r)].sort((p, q) => p - q) as [number, number];
      return middleOf(t) > a && middleOf(t) < b;
    }
    default: {
      const t = find(scene, claim.who);
      if (!t) return claim.about === 'count' && claim.n === 0;
      switch (claim.about) {
        case 'count':
          return countOf(t) === claim.n;
        case 'colour':
          return t.who.colour === claim.colour;
        case 'pattern':
          return t.who.pattern === claim.pattern && t.who.patternColour === claim.patternColour;
        case 'accessory':
          return claim.accessory === null
            ? t.who.accessory === null
            : t.who.accessory?.kind === claim.accessory.kind &&
                t.who.accessory.colour === claim.accessory.colour;
        case 'expression':
          return t.expression === claim.expression;
        case 'size':
          return t.size === claim.size;
        case 'place':
          return placeOf(t) === claim.place;
      }
    }
  }
}

/** How a thing is called in a scene: by its colour where another of its kind is there. */
export function whoIn(scene: Scene, thing: Thing): Who {
  const twin = scene.things.some((other) => other !== thing && other.who.kind === thing.who.kind);
  return { kind: thing.who.kind, colour: twin ? thing.who.colour : null };
}

/**
 * Claims noted while a scene was put into words, each about the thing that it is true of where two are of one kind: of
 * a red and a blue cat, "a cat" is both, and "it wears a hat" is the one that does. Each once.
 */
export function named(told: readonly Claim[], scene: Scene): Claim[] {
  const out = new Map<string, Claim>();
  const whosOf = (who: Who): Who[] => {
    const same = scene.things.filter((thing) => thing.who.kind === who.kind);
    // That something is gone is told of nothing in the scene.
    return who.colour !== null || same.length === 0 ? [who] : same.map((thing) => whoIn(scene, thing));
  };
  const keep = (claim: Claim) => {
    if (holds(claim, scene)) out.set(JSON.stringify(claim), claim);
  };
  for (const claim of told) {
    if (claim.about === 'order' || claim.about === 'between') {
      for (const left of whosOf(claim.left)) {
        for (const right of whosOf(claim.right)) {
          if (claim.about === 'order') keep({ ...claim, left, right });
          else for (const who of whosOf(claim.who)) keep({ ...claim, who, left, right });
        }
      }
    } else if ('who' in claim) for (const who of whosOf(claim.who)) keep({ ...claim, who });
    else keep(claim);
  }
  return [...out.values()];
}

/** "the cat", "the blue cats". */
export function theWho(who: Who, n: number): string {
  return `the ${who.colour ? `${who.colour} ` : ''}${noun(null, who.kind, n)}`;
}

const markOf = (p: Pattern): string => (p === 'striped' ? 'stripes' : 'spots');
const wearable = (a: Accessory, n: number): string =>
  n > 1 && a.kind !== 'glasses' ? `${a.colour} ${plural(a.kind)}` : accessoryPhrase(a);
const placeName = (p: Place): string => (p === 'middle' ? 'in the middle' : `on the ${p}`);
const timeName = (t: Time): string => (t === 'day' ? 'day' : t === 'night' ? 'night' : 'sunset');
const styleName = (s: Style): string =>
  ({
    storybook: 'a storybook picture',
    sketch: 'a pencil sketch',
    neon: 'a neon drawing',
    paper: 'a paper cut-out',
  })[s];

export function questionOf(claim: Claim): string {
  switch (claim.about) {
    case 'count':
      return claim.n === 1
        ? `Is there ${article(wordOf(claim.who))} ${wordOf(claim.who)}?`
        : `Are there ${NUMBER_WORDS[claim.n]} ${claim.who.colour ? `${claim.who.colour} ` : ''}${noun(null, claim.who.kind, claim.n)}?`;
    case 'colour':
      return `${be(claim.n)} ${theWho(claim.who, claim.n)} ${claim.colour}?`;
    case 'pattern':
      return claim.patternColour === null
        ? `${be(claim.n)} ${theWho(claim.who, claim.n)} plain?`
        : `${does(claim.n)} ${theWho(claim.who, claim.n)} have ${claim.patternColour} ${markOf(claim.pattern)}?`;
    case 'accessory':
      return claim.accessory === null
        ? `${does(claim.n)} ${theWho(claim.who, claim.n)} wear nothing?`
        : `${does(claim.n)} ${theWho(claim.who, claim.n)} wear ${wearable(claim.accessory, claim.n)}?`;
    case 'expression':
      return `${does(claim.n)} ${theWho(claim.who, claim.n)} look ${claim.expression}?`;
    case 'size':
      return `${be(claim.n)} ${theWho(claim.who, claim.n)} ${claim.size}?`;
    case 'place':
      return `${be(claim.n)} ${theWho(claim.who, claim.n)} ${placeName(claim.place)}?`;
    case 'order':
      return `${be(claim.nLeft)} ${theWho(claim.left, claim.nLeft)} to the left of ${theWho(claim.right, claim.nRight)}?`;
    case 'between':
      return `${be(claim.n)} ${theWho(claim.who, claim.n)} between ${theWho(claim.left, 1)} and ${theWho(claim.right, 1)}?`;
    case 'background':
      return `Is it ${BACKGROUND_NAME[claim.background]}?`;
    case 'time':
      return `Is it ${timeName(claim.time)}?`;
    case 'weather':
      return claim.weather === 'none'
        ? 'Is the weather dry?'
        : claim.weather === 'snow'
          ? 'Is snow falling?'
          : 'Is it raining?';
    case 'style':
      return `Is it ${styleName(claim.style)}?`;
  }
}

export function phraseOf(claim: Claim): string {
  const is = (n: number) => (n === 1 ? 'is' : 'are');
  const s = (n: number) => (n === 1 ? 's' : '');
  switch (claim.about) {
    case 'count':
      return claim.n === 1
        ? `${article(wordOf(claim.who))} ${wordOf(claim.who)}`
        : `${NUMBER_WORDS[claim.n]} ${noun(null, claim.who.kind, claim.n)}`;
    case 'colour':
      return `${theWho(claim.who, claim.n)} ${is(claim.n)} ${claim.colour}`;
    case 'pattern':
      return claim.patternColour === null
        ? `${theWho(claim.who, claim.n)} ${is(claim.n)} plain`
        : `${theWho(claim.who, claim.n)} ${claim.n === 1 ? 'has' : 'have'} ${claim.patternColour} ${markOf(claim.pattern)}`;
    case 'accessory':
      return claim.accessory === null
        ? `${theWho(claim.who, claim.n)} wear${s(claim.n)} nothing`
        : `${theWho(claim.who, claim.n)} wear${s(claim.n)} ${wearable(claim.accessory, claim.n)}`;
    case 'expression':
      return `${theWho(claim.who, claim.n)} look${s(claim.n)} ${claim.expression}`;
    case 'size':
      return `${theWho(claim.who, claim.n)} ${is(claim.n)} ${claim.size}`;
    case 'place':
      return `${theWho(claim.who, claim.n)} ${is(claim.n)} ${placeName(claim.place)}`;
    case 'order':
      return `${theWho(claim.left, claim.nLeft)} ${is(claim.nLeft)} to the left of ${theWho(claim.right, claim.nRight)}`;
    case 'between':
      return `${theWho(claim.who, claim.n)} ${is(claim.n)} between ${theWho(claim.left, 1)} and ${theWho(claim.right, 1)}`;
    case 'background':
      return `it is ${BACKGROUND_NAME[claim.background]}`;
    case 'time':
      return `it is ${timeName(claim.time)}`;
    case 'weather':
      return claim.weather === 'none'
        ? 'the weather is dry'
        : claim.weather === 'snow'
          ? 'snow is falling'
          : 'it is raining';
    case 'style':
      return `it is ${styleName(claim.style)}`;
  }
}

const wordOf = (who: Who): string => `${who.colour ? `${who.colour} ` : ''}${who.kind}`;
const be = (n: number): string => (n === 1 ? 'Is' : 'Are');
const does = (n: number): string => (n === 1 ? 'Does' : 'Do');

/** All that a scene makes true, most important first. */
export function claims(scene: Scene): Claim[] {
  const out: Claim[] = [];
  for (const t of scene.things) {
    const twin = scene.things.some((o) => o !== t && o.who.kind === t.who.kind);
    const who: Who = { kind: t.who.kind, colour: twin ? t.who.colour : null };
    const n = countOf(t);
    out.push({ about: 'count', who, n });
    if (!twin) out.push({ about: 'colour', who, n, colour: t.who.colour });
    if (t.expression) out.push({ about: 'expression', who, n, expression: t.expression });
    if (t.who.pattern !== 'plain')
      out.push({ about: 'pattern', who, n, pattern: t.who.pattern, patternColour: t.who.patternColour });
    if (t.who.accessory) out.push({ about: 'accessory', who, n, accessory: t.who.accessory });
    if (t.size !== 'medium') out.push({ about: 'size', who, n, size: t.size });
  }
  const ordered = scene.things.slice().sort((a, b) => middleOf(a) - middleOf(b));
  const whoOf = (t: Thing) => whoIn(scene, t);
  if (ordered.length === 1) {
    const t = ordered[0] as Thing;
    const place = placeOf(t);
    if (place && countOf(t) === 1) out.push({ about: 'place', who: whoOf(t), n: 1, place });
  }
  for (let i = 0; i + 1 < ordered.length; i++) {
    const a = ordered[i] as Thing,
      b = ordered[i + 1] as Thing;
    out.push({ about: 'order', left: whoOf(a), right: whoOf(b), nLeft: countOf(a), nRight: countOf(b) });
  }
  out.push({ about: 'background', background: scene.background });
  if (scene.background !== 'sea' && scene.background !== 'blank')
    out.push({ about: 'time', time: scene.time });
  if (scene.weather !== 'none') out.push({ about: 'weather', weather: scene.weather });
  out.push({ about: 'style', style: scene.style });
  return out;
}

/** Yes/no checks of what `scene` asks for, with their truth in the picture of `shown` (itself, if none is given). */
export function checks(scene: Scene, shown: Scene = scene): Check[] {
  return claims(scene).map((claim) => check(claim, shown));
}

export const check = (claim: Claim, shown: Scene): Check => ({
  claim,
  question: questionOf(claim),
  phrase: phraseOf(claim),
  truth: holds(claim, shown),
});

/* ---- critiques ----------------------------------------------------------------------- */

export const STOP = 'The picture shows everything that was asked for.';

export interface Critique {
  /** "The cat should wear a yellow hat, but it wears none." */
  fault: string;
  /** "Give the cat a yellow hat." */
  fix: string;
}

/** What is wrong where the claim fails in `shown`; `wanted` is the scene that was asked for. */
export function critique(random: Random, claim: Claim, wanted: Scene, shown: Scene): Critique {
  const it = (n: number) => (n === 1 ? 'it' : 'they');
  const is = (n: number) => (n === 1 ? 'is' : 'are');
  const s = (n: number) => (n === 1 ? 's' : '');
  switch (claim.about) {
    case 'count': {
      const asked = find(wanted, claim.who);
      const there = find(shown, claim.who);
      if (!there) {
        const p = asked && asked.stands.length > 0 ? placeOf(asked) : null;
        const phrase = asked ? nounPhrase(random, asked, { expression: true }) : wordOf(claim.who);
        const place = p ? ` ${placePhrase(random, p)}` : '';
        return {
          fault:
            claim.n === 1
              ? `The ${wordOf(claim.who)} is missing.`
              : `The ${noun(null, claim.who.kind, claim.n)} are missing.`,
          fix: `Add ${phrase}${place}.`,
        };
      }
      const have = countOf(there);
      const names = noun(null, claim.who.kind, claim.n);
      const colour = asked ? `${asked.who.colour} ` : '';
      const fault = `There should be ${NUMBER_WORDS[claim.n]} ${colour}${names}, but there ${have === 1 ? 'is' : 'are'} ${have < claim.n ? 'only ' : ''}${NUMBER_WORDS[have]}.`;
      const one = noun(null, claim.who.kind, 1);
      return {
        fault,
        fix:
          have < claim.n
            ? random.chance(0.5)
              ? `Add one more ${one}.`
              : `Add another ${colour}${one}.`
            : `Remove one ${one}.`,
      };
    }
    case 'colour': {
      const there = find(shown, claim.who);
      const name = theWho(claim.who, claim.n);
      return {
        fault: `${capital(name)} should be ${claim.colour}, but ${it(claim.n)} ${is(claim.n)} ${there?.who.colour ?? 'missing'}.`,
        fix: random.pick([`Make ${name} ${claim.colour}.`, `Paint ${name} ${claim.colour}.`]),
      };
    }
    case 'pattern': {
      const there = find(shown, claim.who);
      const name = theWho(claim.who, claim.n);
      const has = there?.who.patternColour
        ? `${it(claim.n)} ${claim.n === 1 ? 'has' : 'have'} ${there.who.patternColour} ${markOf(there.who.pattern)}`
        : `${it(claim.n)} ${is(claim.n)} plain`;
      if (claim.patternColour === null)
        return { fault: `${capital(name)} should be plain, but ${has}.`, fix: `Make ${name} plain.` };
      const mark = markOf(claim.pattern);
      const recolour = there && there.who.pattern === claim.pattern;
      return {
        fault: `${capital(name)} should have ${claim.patternColour} ${mark}, but ${has}.`,
        fix: recolour
          ? `Make the ${mark} ${claim.patternColour}.`
          : `Give ${name} ${claim.patternColour} ${mark}.`,
      };
    }
    case 'accessory': {
      const there = find(shown, claim.who);
      const name = theWho(claim.who, claim.n);
      const now = there?.who.accessory ?? null;
      const wears = now
        ? `${it(claim.n)} wear${s(claim.n)} ${wearable(now, claim.n)}`
        : `${it(claim.n)} wear${s(claim.n)} none`;
      if (claim.accessory === null)
        return {
          fault: `${capital(name)} should wear nothing, but ${wears}.`,
          fix: now
            ? `Take off the ${claim.n > 1 && now.kind !== 'glasses' ? plural(now.kind) : now.kind}.`
            : '',
        };
      const a = claim.accessory;
      const want = wearable(a, claim.n);
      let fix = `Give ${name} ${want}.`;
      if (now && now.kind === a.kind)
        fix = `Make the ${claim.n > 1 && a.kind !== 'glasses' ? plural(a.kind) : a.kind} ${a.colour}.`;
      else if (now)
        fix = `Replace the ${claim.n > 1 && now.kind !== 'glasses' ? plural(now.kind) : now.kind} with ${want}.`;
      return { fault: `${capital(name)} should wear ${want}, but ${wears}.`, fix };
    }
    case 'expression': {
      const there = find(shown, claim.who);
      const name = theWho(claim.who, claim.n);
      return {
        fault: `${capital(name)} should look ${claim.expression}, but ${it(claim.n)} look${s(claim.n)} ${there?.expression ?? 'different'}.`,
        fix: random.pick([`Make ${name} ${claim.expression}.`, `Make ${name} look ${claim.expression}.`]),
      };
    }
    case 'size': {
      const there = find(shown, claim.who);
      const name = theWho(claim.who, claim.n);
      const bigger = claim.size === 'big' || (claim.size === 'medium' && there?.size === 'small');
      const now = there?.size === 'medium' ? `not ${claim.size} enough` : `too ${there?.size ?? 'small'}`;
      return {
        fault: `${capital(name)} should be ${claim.size}, but ${it(claim.n)} ${is(claim.n)} ${now}.`,
        fix: `Make ${name} ${bigger ? 'bigger' : 'smaller'}.`,
      };
    }
    case 'place': {
      const there = find(shown, claim.who);
      const p = there ? placeOf(there) : null;
      const name = theWho(claim.who, claim.n);
      const goal = claim.place === 'middle' ? 'to the middle' : `to the ${claim.place}`;
      return {
        fault: `${capital(name)} should be ${placeName(claim.place)}, but ${it(claim.n)} ${is(claim.n)} ${p ? placeName(p) : 'somewhere else'}.`,
        fix: `Move ${name} ${goal}.`,
      };
    }
    case 'order': {
      const l = theWho(claim.left, claim.nLeft),
        r = theWho(claim.right, claim.nRight);
      return {
        fault: `${capital(l)} should be to the left of ${r}, but ${it(claim.nLeft)} ${is(claim.nLeft)} to the right.`,
        fix: `Swap ${l} and ${r}.`,
      };
    }
    case 'between': {
      const m = theWho(claim.who, claim.n);
      return {
        fault: `${capital(m)} should be between ${theWho(claim.left, 1)} and ${theWho(claim.right, 1)}.`,
        fix: `Move ${m} to the middle.`,
      };
    }
    case 'background':
      return {
        fault: `It should be ${BACKGROUND_NAME[claim.background]}, but it is ${BACKGROUND_NAME[shown.background]}.`,
        fix: random.pick([
          `Put everything ${BACKGROUND_NAME[claim.background]}.`,
          `Change the background to ${BACKGROUND_NOUN[claim.background][0]}.`,
        ]),
      };
    case 'time':
      return {
        fault: `It should be ${timeName(claim.time)}, but it is ${timeName(shown.time)}.`,
        fix: `Make it ${timeName(claim.time)}.`,
      };
    case 'weather': {
      const now =
        shown.weather === 'none' ? null : shown.weather === 'snow' ? 'it is snowing' : 'it is raining';
      if (claim.weather === 'snow')
        return {
          fault: now ? `Snow should be falling, but ${now}.` : 'Snow should be falling, but there is none.',
          fix: 'Let snow fall.',
        };
      if (claim.weather === 'rain')
        return {
          fault: now ? `It should be raining, but ${now}.` : 'It should be raining, but it is dry.',
          fix: 'Let it rain.',
        };
      return {
        fault: `The weather should be dry, but ${now ?? 'it is not'}.`,
        fix: shown.weather === 'snow' ? 'Stop the snow.' : 'Stop the rain.',
      };
    }
    case 'style':
      return {
        fault: `It should be ${styleName(claim.style)}, but it is ${styleName(shown.style)}.`,
        fix: `Make it ${styleName(claim.style)}.`,
      };
  }
}

/** The critique of something that was not asked for. */
export function critiqueExtra(random: Random, thing: Thing): Critique {
  const n = countOf(thing);
  const name = `${thing.who.colour} ${noun(null, thing.who.kind, n)}`;
  const fault =
    n === 1 ? `${capital(article(name))} ${name} was not asked for.` : `The ${name} were not asked for.`;
  return { fault, fix: random.pick([`Remove the ${name}.`, `Take away the ${name}.`]) };
}

export { accessoryNoun };
