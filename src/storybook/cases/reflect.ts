/** Cases of reflection: critiques of a picture, fixes, and lists of checks. */

import { drawScene, type Split } from '../compose.ts';
import { change } from '../edits/change.ts';
import type { EditKind } from '../edits/edit.ts';
import type { Claim } from '../language/claim.ts';
import { questionOf } from '../language/claim-words.ts';
import { find, holds } from '../language/claims.ts';
import { type Critique, critique, critiqueUnrequested, STOP } from '../language/critique.ts';
import { nounPhrase, request } from '../language/phrases.ts';
import { capital } from '../language/words.ts';
import { FIRST_CHOICE, type Random } from '../random.ts';
import { countOf, placeOf, type Scene } from '../scene.ts';

import type { Case } from './case.ts';

/** The edits that make faults, with their weights. */
export const DEFECTS: readonly (readonly [EditKind, number])[] = [
  ['recolour', 16],
  ['remove', 15],
  ['add', 7],
  ['count', 16],
  ['accessory', 3],
  ['pattern', 2],
  ['accessory_off', 9],
  ['accessory_swap', 6],
  ['accessory_colour', 8],
  ['pattern_off', 5],
  ['pattern_colour', 4],
  ['expression', 8],
  ['background', 8],
  ['time', 5],
  ['weather', 5],
  ['swap', 6],
  ['resize', 4],
  ['style', 3],
  ['move', 3],
];

/** A critique, and the claims that its fix requests. */
export interface Fault extends Critique {
  /** The claim that holds once the fault is fixed. */
  requested: Claim;
  /** Further claims that the fix states: the look and position of a missing thing. */
  more: Claim[];
}

/** A request, the scene that it asks for, and a scene with any number of faults. */
export interface Mismatch {
  words: string;
  wanted: Scene;
  shown: Scene;
  critiques: Fault[];
  whole: boolean;
}

function drawMismatch(random: Random, split: Split, faults: number, first: EditKind): Mismatch | null {
  let wanted = drawScene(random, split, { kindsDiffer: true });
  let shown = wanted;
  let whole = false;
  const kinds: EditKind[] = [];
  for (let i = 0; i < faults; i++) {
    const kind = i === 0 ? first : random.weighted(DEFECTS);
    if (kinds.includes(kind) || (kinds.length > 0 && (kind === 'count' || kind === 'add'))) return null;
    const c = change(kind, random, shown, split);
    if (!c) return null;
    kinds.push(kind);
    if (kind === 'count' || kind === 'add') {
      // `before` has one copy fewer. Either scene can be the requested one.
      const [more, fewer] =
        countAll(c.before) > countAll(c.after) ? [c.before, c.after] : [c.after, c.before];
      if (kind === 'add') {
        if (fewer.things.length === 0) return null;
        [wanted, shown] = [fewer, more];
      } else [wanted, shown] = random.chance(0.65) ? [more, fewer] : [fewer, more];
    } else shown = c.after;
    whole ||= c.whole;
  }
  const { text, stated } = request(random, wanted, { expression: true });
  const critiques = faultsOf(stated, wanted, shown);
  // A fault counts only if the words state what is wrong.
  if (critiques.length !== faults) return null;
  return { words: text, wanted, shown, critiques, whole };
}

/**
 * The critiques of all faults of `shown`: claims that fail, and things, accessories and patterns that were
 * not requested.
 *
 * @param stated the claims that the words of the request state about `wanted`
 */
export function faultsOf(stated: readonly Claim[], wanted: Scene, shown: Scene): Fault[] {
  const critiques: Fault[] = [];
  const seen = new Set<string>();
  for (const claim of stated) {
    if (holds(claim, shown)) continue;
    // Where a thing is missing, the critique of its count says so.
    if ('who' in claim && claim.about !== 'count' && !find(shown, claim.who)) continue;
    if (claim.about === 'order' && (!find(shown, claim.left) || !find(shown, claim.right))) continue;
    if (claim.about === 'between' && (!find(shown, claim.left) || !find(shown, claim.right))) continue;
    const found = critique(FIRST_CHOICE, claim, wanted, shown);
    if (seen.has(found.fault)) continue;
    seen.add(found.fault);
    critiques.push({ ...found, requested: claim, more: claimsOfMissing(claim, wanted, shown) });
  }
  const unrequested = (claim: Claim) =>
    critiques.push({ ...critique(FIRST_CHOICE, claim, wanted, shown), requested: claim, more: [] });
  for (const t of shown.things) {
    const original = wanted.things.find((o) => o.who.kind === t.who.kind);
    if (!original)
      critiques.push({
        ...critiqueUnrequested(FIRST_CHOICE, t),
        requested: { about: 'count', who: { kind: t.who.kind, colour: null }, n: 0 },
        more: [],
      });
    // An accessory or a pattern that was not requested.
    else if (original.who.accessory === null && t.who.accessory !== null)
      unrequested({
        about: 'accessory',
        who: { kind: t.who.kind, colour: null },
        n: countOf(t),
        accessory: null,
      });
    else if (original.who.pattern === 'plain' && t.who.pattern !== 'plain')
      unrequested({
        about: 'pattern',
        who: { kind: t.who.kind, colour: null },
        n: countOf(t),
        pattern: 'plain',
        patternColour: null,
      });
  }
  return critiques;
}

/** The claims about a missing thing that `critique` states where it says to add it. */
function claimsOfMissing(claim: Claim, wanted: Scene, shown: Scene): Claim[] {
  if (claim.about !== 'count' || find(shown, claim.who)) return [];
  const thing = find(wanted, claim.who);
  if (!thing) return [];
  const stated: Claim[] = [];
  nounPhrase(FIRST_CHOICE, thing, { expression: true, stated });
  const place = placeOf(thing);
  if (place) stated.push({ about: 'place', who: claim.who, n: countOf(thing), place });
  return stated.filter(({ about }) => about !== 'count');
}

const countAll = (s: Scene): number => s.things.reduce((n, t) => n + countOf(t), 0);

const quoted = (words: string): string => `"${words.replace(/[.?]$/, '')}"`;

function reflectQuestion(random: Random, words: string): string {
  return random.pick([
    `The request was: ${quoted(words)}. Does the picture show it?`,
    `Asked for: ${quoted(words)}. Does the picture meet the request?`,
    `I asked for ${quoted(words)}. Is the picture right?`,
    `Request: ${quoted(words)}. What is wrong with the picture?`,
    `Check the picture. The request was ${quoted(words)}.`,
  ]);
}

const critiqueText = (critiques: readonly Critique[]): string =>
  critiques.map((c) => `${c.fault} ${c.fix}`).join(' ');

const kindOf = ({ critiques }: Mismatch): string =>
  ['stop', 'one_fault', 'two_faults'][critiques.length] ?? 'many_faults';

export function drawReflect(random: Random, split: Split, faults: number, first: EditKind): Case | null {
  const m = drawMismatch(random, split, faults, first);
  return m && reflectCase(random, m);
}

/** The case that asks whether the picture meets the request. */
export function reflectCase(random: Random, m: Mismatch): Case {
  return {
    task: 'reflect',
    kind: kindOf(m),
    instruction: m.words,
    refs: [m.shown],
    target: null,
    question: reflectQuestion(random, m.words),
    answer: m.critiques.length === 0 ? STOP : critiqueText(m.critiques),
    scene: m.wanted,
    mask: 'none',
    faults: m.critiques.map(({ fault }) => fault),
  };
}

export function drawFix(random: Random, split: Split, faults: number, first: EditKind): Case | null {
  const m = drawMismatch(random, split, faults, first);
  return m && fixCase(random, m);
}

/** The case that has the critique as an instruction and the picture without the faults as its target. */
export function fixCase(random: Random, m: Mismatch): Case {
  const r = random.unit();
  const saysFix = r < 0.9;
  const words =
    r < 0.7
      ? critiqueText(m.critiques)
      : saysFix
        ? m.critiques.map((c) => c.fix).join(' ')
        : m.critiques.map((c) => c.fault).join(' ');
  return {
    task: 'critique_fix',
    kind: kindOf(m),
    instruction: words,
    refs: [m.shown],
    target: m.wanted,
    question: null,
    answer: null,
    scene: m.wanted,
    mask: m.whole ? 'all' : 'difference',
    requested: m.critiques.flatMap(({ requested, more }) => [requested, ...(saysFix ? more : [])]),
  };
}

export function drawChecklist(random: Random, split: Split): Case | null {
  const scene = drawScene(random, split, { kindsDiffer: true });
  const { text, stated } = request(random, scene, { expression: random.chance(0.5) });
  const list: string[] = [];
  for (const claim of stated) {
    const q = questionOf(claim);
    if (!list.includes(q)) list.push(q);
  }
  const question = random.pick([
    `Split this request into yes/no checks: ${quoted(text)}.`,
    `Which checks does this request need? ${capital(quoted(text))}.`,
    `List the checks for ${quoted(text)}.`,
  ]);
  return {
    task: 'checklist',
    kind: 'checklist',
    instruction: text,
    refs: [],
    target: null,
    question,
    answer: list.map((q, i) => `${i + 1}. ${q}`).join('\n'),
    scene,
    mask: 'none',
  };
}
