/** Claims about a picture: lists the claims that hold in a scene, and tests whether a claim holds. */

import { countOf, middleOf, placeOf, type Scene, type Thing } from '../scene.ts';
import type { Claim, Who } from './claim.ts';
import { phraseOf, questionOf } from './claim-words.ts';

/** A claim as a yes/no check of a picture. */
export interface Check {
  claim: Claim;
  /** "Does the cat wear a yellow hat?" */
  question: string;
  /** "the cat wears a yellow hat" */
  phrase: string;
  /** Whether the claim holds in the picture. */
  truth: boolean;
}

/** The first thing of that name; null if the scene has none. */
export function find(scene: Scene, who: Who): Thing | null {
  return (
    scene.things.find(
      (t) => t.who.kind === who.kind && (who.colour === null || t.who.colour === who.colour),
    ) ?? null
  );
}

/** Whether a claim holds in a scene. `src/judge/verdict.ts` has the same rules for pictures. */
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

/** The name of a thing in its scene, with the colour if the scene has another thing of the kind. */
export function whoIn(scene: Scene, thing: Thing): Who {
  const twin = scene.things.some((other) => other !== thing && other.who.kind === thing.who.kind);
  return { kind: thing.who.kind, colour: twin ? thing.who.colour : null };
}

/**
 * Makes claims about a kind into claims about a thing where the scene has two things of the kind. With a red
 * and a blue cat, "a cat" becomes one claim for each, and "it wears a hat" a claim about the one that wears
 * it.
 * @param stated claims that the words for the scene state
 * @returns each claim once
 */
export function disambiguate(stated: readonly Claim[], scene: Scene): Claim[] {
  const out = new Map<string, Claim>();
  const whosOf = (who: Who): Who[] => {
    const same = scene.things.filter((thing) => thing.who.kind === who.kind);
    // A claim that a thing is gone names no thing of the scene.
    return who.colour !== null || same.length === 0 ? [who] : same.map((thing) => whoIn(scene, thing));
  };
  const keep = (claim: Claim) => {
    if (holds(claim, scene)) out.set(JSON.stringify(claim), claim);
  };
  for (const claim of stated) {
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

/** All claims that hold in a scene, most important first. */
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

/**
 * The yes/no checks of everything in `scene`, with their truth in the picture of `shown`.
 *
 * @example
 * for (const { question, truth } of checks(requestedScene, drawnScene)) console.log(question, truth);
 */
export function checks(scene: Scene, shown: Scene = scene): Check[] {
  return claims(scene).map((claim) => check(claim, shown));
}

export const check = (claim: Claim, shown: Scene): Check => ({
  claim,
  question: questionOf(claim),
  phrase: phraseOf(claim),
  truth: holds(claim, shown),
});
