/** Puts claims into words, as yes/no questions and as phrases. */

import type { Place, Style, Time } from '../scene.ts';
import type { Claim, Who } from './claim.ts';
import { article, BACKGROUND_NAME, NUMBER_WORDS, noun, patternNoun, wornPhrase } from './words.ts';

/** `the cat`, `the blue cats`. */
export function definiteNoun(who: Who, n: number): string {
  return `the ${who.colour ? `${who.colour} ` : ''}${noun(null, who.kind, n)}`;
}

export const placeName = (p: Place): string => (p === 'middle' ? 'in the middle' : `on the ${p}`);
export const timeName = (t: Time): string => (t === 'day' ? 'day' : t === 'night' ? 'night' : 'sunset');
export const styleName = (s: Style): string =>
  ({
    storybook: 'a storybook picture',
    sketch: 'a pencil sketch',
    neon: 'a neon drawing',
    paper: 'a paper cut-out',
  })[s];

/** `Does the cat wear a yellow hat?` */
export function questionOf(claim: Claim): string {
  switch (claim.about) {
    case 'count':
      return claim.n === 1
        ? `Is there ${article(bareNoun(claim.who))} ${bareNoun(claim.who)}?`
        : `Are there ${NUMBER_WORDS[claim.n]} ${claim.who.colour ? `${claim.who.colour} ` : ''}${noun(null, claim.who.kind, claim.n)}?`;
    case 'colour':
      return `${be(claim.n)} ${definiteNoun(claim.who, claim.n)} ${claim.colour}?`;
    case 'pattern':
      return claim.patternColour === null
        ? `${be(claim.n)} ${definiteNoun(claim.who, claim.n)} plain?`
        : `${does(claim.n)} ${definiteNoun(claim.who, claim.n)} have ${claim.patternColour} ${patternNoun(claim.pattern)}?`;
    case 'accessory':
      return claim.accessory === null
        ? `${does(claim.n)} ${definiteNoun(claim.who, claim.n)} wear nothing?`
        : `${does(claim.n)} ${definiteNoun(claim.who, claim.n)} wear ${wornPhrase(claim.accessory, claim.n)}?`;
    case 'expression':
      return `${does(claim.n)} ${definiteNoun(claim.who, claim.n)} look ${claim.expression}?`;
    case 'size':
      return `${be(claim.n)} ${definiteNoun(claim.who, claim.n)} ${claim.size}?`;
    case 'place':
      return `${be(claim.n)} ${definiteNoun(claim.who, claim.n)} ${placeName(claim.place)}?`;
    case 'order':
      return `${be(claim.nLeft)} ${definiteNoun(claim.left, claim.nLeft)} to the left of ${definiteNoun(claim.right, claim.nRight)}?`;
    case 'between':
      return `${be(claim.n)} ${definiteNoun(claim.who, claim.n)} between ${definiteNoun(claim.left, 1)} and ${definiteNoun(claim.right, 1)}?`;
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

/** `the cat wears a yellow hat` */
export function phraseOf(claim: Claim): string {
  const is = (n: number) => (n === 1 ? 'is' : 'are');
  const s = (n: number) => (n === 1 ? 's' : '');
  switch (claim.about) {
    case 'count':
      return claim.n === 1
        ? `${article(bareNoun(claim.who))} ${bareNoun(claim.who)}`
        : `${NUMBER_WORDS[claim.n]} ${noun(null, claim.who.kind, claim.n)}`;
    case 'colour':
      return `${definiteNoun(claim.who, claim.n)} ${is(claim.n)} ${claim.colour}`;
    case 'pattern':
      return claim.patternColour === null
        ? `${definiteNoun(claim.who, claim.n)} ${is(claim.n)} plain`
        : `${definiteNoun(claim.who, claim.n)} ${claim.n === 1 ? 'has' : 'have'} ${claim.patternColour} ${patternNoun(claim.pattern)}`;
    case 'accessory':
      return claim.accessory === null
        ? `${definiteNoun(claim.who, claim.n)} wear${s(claim.n)} nothing`
        : `${definiteNoun(claim.who, claim.n)} wear${s(claim.n)} ${wornPhrase(claim.accessory, claim.n)}`;
    case 'expression':
      return `${definiteNoun(claim.who, claim.n)} look${s(claim.n)} ${claim.expression}`;
    case 'size':
      return `${definiteNoun(claim.who, claim.n)} ${is(claim.n)} ${claim.size}`;
    case 'place':
      return `${definiteNoun(claim.who, claim.n)} ${is(claim.n)} ${placeName(claim.place)}`;
    case 'order':
      return `${definiteNoun(claim.left, claim.nLeft)} ${is(claim.nLeft)} to the left of ${definiteNoun(claim.right, claim.nRight)}`;
    case 'between':
      return `${definiteNoun(claim.who, claim.n)} ${is(claim.n)} between ${definiteNoun(claim.left, 1)} and ${definiteNoun(claim.right, 1)}`;
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

export const bareNoun = (who: Who): string => `${who.colour ? `${who.colour} ` : ''}${who.kind}`;
const be = (n: number): string => (n === 1 ? 'Is' : 'Are');
const does = (n: number): string => (n === 1 ? 'Does' : 'Do');
