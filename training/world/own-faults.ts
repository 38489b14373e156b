/**
 * What is wrong with a drawing of the model's own, in the world's words. The judge's word counts only where it is sure and
 * the scene that it sees says the same; a drawing of which that cannot be said is left out, rather than taught wrongly.
 */

import { type DetectedThing, type Detection, likeliest } from '../../src/judge/detection.ts';
import { verdict } from '../../src/judge/verdict.ts';
import { faultsOf, type Mismatch } from '../../src/storybook/cases/reflect.ts';
import { canHavePattern } from '../../src/storybook/compose.ts';
import type { Claim } from '../../src/storybook/language/claim.ts';
import { holds } from '../../src/storybook/language/claims.ts';
import { countOf, isCreature, middleOf, type Scene, type Thing } from '../../src/storybook/scene.ts';

/** Probability from which the judge is sure of a yes; of a no below the rest. */
const SURE = 0.7;
/** A fix moves nothing, so what both pictures show may stand apart by so much, in page units. */
const APART = 10;
/** Half the height of a thing of scale 1, in page units. */
const HALF_HEIGHT = 22;

/** Why nothing is learnt from a drawing: the judge is not sure, the words have no name for what it shows, too much is wrong. */
export type LeftOut = 'doubtful' | 'unsayable' | 'too much';

/** What is wrong with a drawing; `fixable` if the wanted picture differs from it in nothing else. */
export interface Reading {
  readonly mismatch: Mismatch;
  readonly fixable: boolean;
}

/** A request for `scene`: its words and what they ask for. */
export interface Request {
  readonly text: string;
  readonly stated: readonly Claim[];
}

/**
 * @param most how many faults may be found; a picture with more is better drawn anew than mended
 * @param sure probability from which the judge's yes and no count
 */
export function readDrawing(
  detection: Detection,
  { text, stated }: Request,
  wanted: Scene,
  most: number,
  sure = SURE,
): Reading | LeftOut {
  const shown = sceneOf(detection);
  const kinds = shown.things.map(({ who }) => who.kind);
  if (new Set(kinds).size < kinds.length) return 'unsayable';
  const isSure = (claim: Claim) => {
    const { probability } = verdict(claim, detection);
    return holds(claim, shown) ? probability >= sure : probability <= 1 - sure;
  };
  const faint = detection.stands.some(({ presence }) => presence < sure && presence > 1 - sure);
  if (faint || ![...stated, ...bareOrPlain(wanted, shown)].every(isSure)) return 'doubtful';
  const critiques = faultsOf(stated, wanted, shown);
  if (critiques.length > most) return 'too much';
  return {
    mismatch: { words: text, wanted, shown, critiques, whole: true },
    fixable: samePage(stated, wanted, shown) && samePlaces(wanted, shown),
  };
}

/** Whether the judge finds in the world's own picture of a request what was asked for: else it cannot miss it in a drawing. */
export function readsTarget(detection: Detection, request: Request, wanted: Scene): boolean {
  const found = readDrawing(detection, request, wanted, 0, 0.5);
  return typeof found !== 'string' && found.fixable;
}

/** What the judge sees as a scene: of everything the likeliest. */
export function sceneOf({ page, things }: Detection): Scene {
  return {
    style: likeliest(page.style),
    background: likeliest(page.background),
    time: likeliest(page.time),
    weather: likeliest(page.weather),
    seed: 0,
    things: things.map(thingOf),
  };
}

function thingOf({ kind, probabilities, stands }: DetectedThing): Thing {
  const pattern = canHavePattern(kind) ? likeliest(probabilities.pattern) : 'plain';
  const worn = isCreature(kind) ? likeliest(probabilities.accessory) : 'none';
  return {
    who: {
      kind,
      colour: likeliest(probabilities.colour),
      pattern,
      patternColour: pattern === 'plain' ? null : likeliest(probabilities.patternColour),
      accessory: worn === 'none' ? null : { kind: worn, colour: likeliest(probabilities.accessoryColour) },
      build: { width: 1, height: 1, feature: 1, eye: 1, gap: 1, belly: false },
    },
    expression: isCreature(kind) ? likeliest(probabilities.expression) : null,
    size: likeliest(probabilities.size),
    stands: stands.map(({ x, middleY, scale }) => ({ x, y: middleY + HALF_HEIGHT * scale, scale })),
  };
}

const twinOf = (thing: Thing, scene: Scene): Thing | undefined =>
  scene.things.find(({ who }) => who.kind === thing.who.kind);

/** That what was wanted without a pattern or anything on is shown so: its opposite is a fault, though no words say it. */
function bareOrPlain(wanted: Scene, shown: Scene): Claim[] {
  return wanted.things.flatMap((thing): Claim[] => {
    const there = twinOf(thing, shown);
    if (!there) return [];
    const of = { who: { kind: thing.who.kind, colour: null }, n: countOf(there) };
    return [
      ...(isCreature(thing.who.kind) && thing.who.accessory === null
        ? [{ about: 'accessory', ...of, accessory: null } as const]
        : []),
      ...(canHavePattern(thing.who.kind) && thing.who.pattern === 'plain'
        ? [{ about: 'pattern', ...of, pattern: 'plain', patternColour: null } as const]
        : []),
    ];
  });
}

/** Whether the page differs in nothing that the words left open. */
function samePage(stated: readonly Claim[], wanted: Scene, shown: Scene): boolean {
  return (['style', 'background', 'time', 'weather'] as const).every(
    (about) => shown[about] === wanted[about] || stated.some((claim) => claim.about === about),
  );
}

/** Whether what both show stands in about the same places, unless it is the places that are wrong. */
function samePlaces(wanted: Scene, shown: Scene): boolean {
  return wanted.things.every((thing) => {
    const there = twinOf(thing, shown);
    return (
      !there || countOf(there) !== countOf(thing) || Math.abs(middleOf(there) - middleOf(thing)) <= APART
    );
  });
}
