/**
 * Finds the faults of the model's own drawings, in the world's words. A verdict of the judge counts only if
 * it is certain and the detected scene agrees with it. All other drawings are left out, so that no wrong case
 * is taught.
 */

import { type DetectedThing, type Detection, likeliest } from '../../src/judge/detection.ts';
import { verdict } from '../../src/judge/verdict.ts';
import { faultsOf, type Mismatch } from '../../src/storybook/cases/reflect.ts';
import { canHavePattern } from '../../src/storybook/compose.ts';
import type { Claim } from '../../src/storybook/language/claim.ts';
import { holds } from '../../src/storybook/language/claims.ts';
import { countOf, isCreature, middleOf, type Scene, type Thing } from '../../src/storybook/scene.ts';

/** The judge is certain of a yes from this probability on, and of a no up to 1 minus this. */
const SURE = 0.7;
/**
 * Largest distance between the positions of a thing in drawing and target, in page units: a fix moves
 * nothing.
 */
const APART = 10;
/** Half the height of a thing of scale 1, in page units. */
const HALF_HEIGHT = 22;

/**
 * Why a drawing is left out: the judge is uncertain, words cannot name its things, or it has too many faults.
 */
export type LeftOut = 'doubtful' | 'unsayable' | 'too much';

/** The faults of a drawing. It is `fixable` if the target differs from it in nothing else. */
export interface JudgedDrawing {
  readonly mismatch: Mismatch;
  readonly fixable: boolean;
}

/** A request: its words, and the claims that they state. */
export interface Request {
  readonly text: string;
  readonly stated: readonly Claim[];
}

/**
 * The faults of a drawing, or the reason to leave it out.
 *
 * @param most largest number of faults; a picture with more is better drawn again than fixed
 * @param sure probability from which the judge is certain
 */
export function judgeDrawing(
  detection: Detection,
  { text, stated }: Request,
  wanted: Scene,
  most: number,
  sure = SURE,
): JudgedDrawing | LeftOut {
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

/**
 * Whether the judge finds everything requested in the target. If not, its verdicts on drawings do not count.
 */
export function targetPasses(detection: Detection, request: Request, wanted: Scene): boolean {
  const found = judgeDrawing(detection, request, wanted, 0, 0.5);
  return typeof found !== 'string' && found.fixable;
}

/** The most probable scene of a detection. */
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

/** Claims that things wanted plain and bare are so: the opposite is a fault although no words state it. */
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

/** Whether the page differs only in what the words state. */
function samePage(stated: readonly Claim[], wanted: Scene, shown: Scene): boolean {
  return (['style', 'background', 'time', 'weather'] as const).every(
    (about) => shown[about] === wanted[about] || stated.some((claim) => claim.about === about),
  );
}

/** Whether things with the same number of copies stand at about the same positions in both scenes. */
function samePlaces(wanted: Scene, shown: Scene): boolean {
  return wanted.things.every((thing) => {
    const there = twinOf(thing, shown);
    return (
      !there || countOf(there) !== countOf(thing) || Math.abs(middleOf(there) - middleOf(thing)) <= APART
    );
  });
}
