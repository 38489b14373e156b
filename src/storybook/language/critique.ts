/** Critiques: the words for a fault of a picture and for its fix. */

import type { Random } from '../random.ts';
import { countOf, placeOf, type Scene, type Thing } from '../scene.ts';
import type { Claim } from './claim.ts';
import { bareNoun, definiteNoun, placeName, styleName, timeName } from './claim-words.ts';
import { find } from './claims.ts';
import { nounPhrase, placePhrase } from './phrases.ts';
import {
  article,
  BACKGROUND_NAME,
  BACKGROUND_NOUN,
  capital,
  NUMBER_WORDS,
  noun,
  patternNoun,
  wornNoun,
  wornPhrase,
} from './words.ts';

/** The critique of a picture without faults. */
export const STOP = 'The picture shows everything that was asked for.';

export interface Critique {
  /** "The cat should wear a yellow hat, but it wears none." */
  fault: string;
  /** "Give the cat a yellow hat." */
  fix: string;
}

/** The critique for a claim that fails in `shown`. @param wanted the scene of the request */
export function critique(random: Random, claim: Claim, wanted: Scene, shown: Scene): Critique {
  const it = (n: number) => (n === 1 ? 'it' : 'they');
  const is = (n: number) => (n === 1 ? 'is' : 'are');
  const s = (n: number) => (n === 1 ? 's' : '');
  switch (claim.about) {
    case 'count': {
      const wantedThing = find(wanted, claim.who);
      const there = find(shown, claim.who);
      if (!there) {
        const p = wantedThing && wantedThing.stands.length > 0 ? placeOf(wantedThing) : null;
        const phrase = wantedThing
          ? nounPhrase(random, wantedThing, { expression: true })
          : bareNoun(claim.who);
        const place = p ? ` ${placePhrase(random, p)}` : '';
        return {
          fault:
            claim.n === 1
              ? `The ${bareNoun(claim.who)} is missing.`
              : `The ${noun(null, claim.who.kind, claim.n)} are missing.`,
          fix: `Add ${phrase}${place}.`,
        };
      }
      const have = countOf(there);
      const names = noun(null, claim.who.kind, claim.n);
      const colour = wantedThing ? `${wantedThing.who.colour} ` : '';
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
      const name = definiteNoun(claim.who, claim.n);
      return {
        fault: `${capital(name)} should be ${claim.colour}, but ${it(claim.n)} ${is(claim.n)} ${there?.who.colour ?? 'missing'}.`,
        fix: random.pick([`Make ${name} ${claim.colour}.`, `Paint ${name} ${claim.colour}.`]),
      };
    }
    case 'pattern': {
      const there = find(shown, claim.who);
      const name = definiteNoun(claim.who, claim.n);
      const has = there?.who.patternColour
        ? `${it(claim.n)} ${claim.n === 1 ? 'has' : 'have'} ${there.who.patternColour} ${patternNoun(there.who.pattern)}`
        : `${it(claim.n)} ${is(claim.n)} plain`;
      if (claim.patternColour === null)
        return { fault: `${capital(name)} should be plain, but ${has}.`, fix: `Make ${name} plain.` };
      const mark = patternNoun(claim.pattern);
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
      const name = definiteNoun(claim.who, claim.n);
      const now = there?.who.accessory ?? null;
      const wears = now
        ? `${it(claim.n)} wear${s(claim.n)} ${wornPhrase(now, claim.n)}`
        : `${it(claim.n)} wear${s(claim.n)} none`;
      if (claim.accessory === null)
        return {
          fault: `${capital(name)} should wear nothing, but ${wears}.`,
          fix: now ? `Take off the ${wornNoun(now, claim.n)}.` : '',
        };
      const a = claim.accessory;
      const want = wornPhrase(a, claim.n);
      let fix = `Give ${name} ${want}.`;
      if (now && now.kind === a.kind) fix = `Make the ${wornNoun(a, claim.n)} ${a.colour}.`;
      else if (now) fix = `Replace the ${wornNoun(now, claim.n)} with ${want}.`;
      return { fault: `${capital(name)} should wear ${want}, but ${wears}.`, fix };
    }
    case 'expression': {
      const there = find(shown, claim.who);
      const name = definiteNoun(claim.who, claim.n);
      return {
        fault: `${capital(name)} should look ${claim.expression}, but ${it(claim.n)} look${s(claim.n)} ${there?.expression ?? 'different'}.`,
        fix: random.pick([`Make ${name} ${claim.expression}.`, `Make ${name} look ${claim.expression}.`]),
      };
    }
    case 'size': {
      const there = find(shown, claim.who);
      const name = definiteNoun(claim.who, claim.n);
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
      const name = definiteNoun(claim.who, claim.n);
      const goal = claim.place === 'middle' ? 'to the middle' : `to the ${claim.place}`;
      return {
        fault: `${capital(name)} should be ${placeName(claim.place)}, but ${it(claim.n)} ${is(claim.n)} ${p ? placeName(p) : 'somewhere else'}.`,
        fix: `Move ${name} ${goal}.`,
      };
    }
    case 'order': {
      const l = definiteNoun(claim.left, claim.nLeft),
        r = definiteNoun(claim.right, claim.nRight);
      return {
        fault: `${capital(l)} should be to the left of ${r}, but ${it(claim.nLeft)} ${is(claim.nLeft)} to the right.`,
        fix: `Swap ${l} and ${r}.`,
      };
    }
    case 'between': {
      const m = definiteNoun(claim.who, claim.n);
      return {
        fault: `${capital(m)} should be between ${definiteNoun(claim.left, 1)} and ${definiteNoun(claim.right, 1)}.`,
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

/** The critique of a thing that was not requested. */
export function critiqueUnrequested(random: Random, thing: Thing): Critique {
  const n = countOf(thing);
  const name = `${thing.who.colour} ${noun(null, thing.who.kind, n)}`;
  const fault =
    n === 1 ? `${capital(article(name))} ${name} was not asked for.` : `The ${name} were not asked for.`;
  return { fault, fix: random.pick([`Remove the ${name}.`, `Take away the ${name}.`]) };
}
