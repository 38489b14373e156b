import {
  drawAccessoryFor,
  drawExpression,
  drawIdentity,
  drawSetting,
  layOut,
  type Split,
} from '../compose.ts';
/** Cases of in-context generation: things of given pictures in a new one. */

import type { Claim } from '../language/claim.ts';
import { disambiguate, whoIn } from '../language/claims.ts';
import { placePhrase, settingPhrase } from '../language/phrases.ts';
import { accessoryPhrase, capital, noun } from '../language/words.ts';
import type { Random } from '../random.ts';
import type { UnplacedThing } from '../scene.ts';
import {
  CREATURES,
  EXPRESSIONS,
  isCreature,
  type Kind,
  middleOf,
  OBJECTS,
  placeOf,
  type Scene,
  type Style,
  type Thing,
} from '../scene.ts';

import type { Case } from './case.ts';

/** The categories of OmniContext, with their weights. */
export const CATEGORIES = [
  ['single_character', 20],
  ['single_object', 10],
  ['multiple_characters', 16],
  ['multiple_objects', 10],
  ['character_object', 18],
  ['scene_character', 12],
  ['scene_object', 7],
  ['scene_character_object', 9],
] as const;
const ORDINALS = ['first', 'second', 'third'] as const;

const imageName = (random: Random, i: number): string =>
  random.chance(0.75)
    ? `image ${i + 1}`
    : random.pick([`the ${ORDINALS[i]} image`, `the ${ORDINALS[i]} picture`]);

export function drawInContext(
  random: Random,
  split: Split,
  category: (typeof CATEGORIES)[number][0],
): Case | null {
  const scenic = category.startsWith('scene');
  const creature = (): Kind => random.pick(CREATURES);
  const object = (): Kind => random.pick(OBJECTS);
  let kinds: Kind[];
  switch (category) {
    case 'single_character':
    case 'scene_character':
      kinds = [creature()];
      break;
    case 'single_object':
    case 'scene_object':
      kinds = [object()];
      break;
    case 'multiple_characters':
      kinds = random.chance(0.8) ? [creature(), creature()] : [creature(), creature(), creature()];
      break;
    case 'multiple_objects':
      kinds = random.chance(0.85) ? [object(), object()] : [object(), object(), object()];
      break;
    case 'character_object':
      kinds = random.chance(0.82)
        ? [creature(), object()]
        : random.pick([
            [creature(), object(), creature()],
            [creature(), object(), object()],
          ]);
      break;
    case 'scene_character_object':
      kinds = [creature(), object()];
      break;
  }
  if (new Set(kinds).size < kinds.length && random.chance(0.7)) return null;
  const style: Style = random.chance(0.86) ? 'storybook' : random.pick(['sketch', 'neon', 'paper'] as const);
  const whos = kinds.map((kind) => drawIdentity(random, split, { kind }));
  for (let i = 0; i < whos.length; i++) {
    for (let j = 0; j < i; j++)
      if (whos[i]!.kind === whos[j]!.kind && whos[i]!.colour === whos[j]!.colour) return null;
  }
  const faces = whos.map((w) => drawExpression(random, w.kind));

  // The references: each shows one of the things, sometimes beside another thing.
  const refs: Scene[] = [];
  for (let i = 0; i < whos.length; i++) {
    const wanted: UnplacedThing[] = [{ who: whos[i]!, expression: faces[i]!, size: 'medium', count: 1 }];
    if (random.chance(0.14)) {
      const other = drawIdentity(random, split, {});
      if (!kinds.includes(other.kind))
        wanted.push({ who: other, expression: drawExpression(random, other.kind), size: 'medium', count: 1 });
    }
    const things = layOut(
      random,
      random.shuffle(wanted),
      wanted.length === 1 ? random.pick(['left', 'middle', 'middle', 'right'] as const) : undefined,
    );
    if (!things) return null;
    const setting = drawSetting(random, style);
    if (random.chance(0.12)) Object.assign(setting, { background: 'blank', time: 'day', weather: 'none' });
    refs.push({ ...setting, things });
  }

  // What changes about the things.
  const changed = whos.map((w) => ({ ...w }));
  const expressions = faces.slice();
  const news: (string | null)[] = whos.map(() => null);
  if (random.chance(0.22)) {
    const i = whos.findIndex((w) => isCreature(w.kind));
    if (i >= 0) {
      if (random.chance(0.5)) {
        const e = random.pick(EXPRESSIONS.filter((x) => x !== expressions[i]));
        expressions[i] = e;
        news[i] = e;
      } else if (whos[i]!.accessory === null) {
        const a = drawAccessoryFor(random, whos[i]!.colour);
        changed[i] = { ...whos[i]!, accessory: a };
        news[i] = accessoryPhrase(a);
      }
    }
  }

  const setting = drawSetting(random, style);
  let sceneRef: Scene | null = null;
  const extra: UnplacedThing[] = [];
  if (scenic) {
    sceneRef = { ...drawSetting(random, style), things: [] };
    if (whos.length === 1 && random.chance(0.25)) {
      const other = drawIdentity(random, split, {});
      if (kinds.includes(other.kind)) return null;
      extra.push({ who: other, expression: drawExpression(random, other.kind), size: 'medium', count: 1 });
    }
    Object.assign(setting, {
      background: sceneRef.background,
      time: sceneRef.time,
      weather: sceneRef.weather,
      seed: sceneRef.seed,
    });
  }
  const exchanged = extra.length === 1 && random.chance(0.5);
  const order = random.shuffle([...whos.keys()]);
  const wanted: UnplacedThing[] = order.map((i) => ({
    who: changed[i]!,
    expression: expressions[i]!,
    size: 'medium' as const,
    count: 1,
  }));
  const at = extra.length > 0 && random.chance(0.5) ? 0 : wanted.length;
  if (!exchanged) wanted.splice(at, 0, ...extra);
  const place = wanted.length === 1 ? random.pick(['left', 'middle', 'right'] as const) : undefined;
  const things = layOut(random, wanted, place);
  if (!things) return null;
  const target: Scene = { ...setting, things };
  if (sceneRef && exchanged) {
    // The thing to be replaced stands where the new one will stand.
    const old = layOut(random, extra, placeOf(things[0] as Thing) ?? place);
    if (!old) return null;
    const shift = middleOf(things[0] as Thing) - middleOf(old[0] as Thing);
    if (Math.abs(shift) > 8) return null;
    sceneRef.things = old;
  } else if (sceneRef && extra.length > 0) sceneRef.things = [things[at] as Thing];

  const images = scenic ? [...refs, sceneRef as Scene] : refs;
  // The picture of the scene may come first.
  const sceneFirst = scenic && random.chance(0.3);
  const given = sceneFirst ? [sceneRef as Scene, ...refs] : images;
  const thingOf = (i: number) => things.find(({ who }) => who === changed[i]) as Thing;
  const whoOf = (i: number) => whoIn(target, thingOf(i));
  const numberOf = (i: number) => (sceneFirst ? i + 1 : i);
  const of = (i: number): string => {
    const w = whos[i]!;
    const n = noun(random, w.kind);
    const adjective =
      news[i] && (EXPRESSIONS as readonly string[]).includes(news[i]!) && random.chance(0.5)
        ? `${news[i]} `
        : '';
    const colour = random.chance(0.15) ? `${w.colour} ` : '';
    const late =
      news[i] && !adjective
        ? (EXPRESSIONS as readonly string[]).includes(news[i]!)
          ? `, now ${news[i]},`
          : ` ${random.pick(['in', 'wearing'])} ${news[i]}`
        : '';
    if (whos.length === 1 && !scenic && random.chance(0.4))
      return `${random.pick(['this', 'the same'])} ${adjective}${colour}${n}${late}`;
    return `the ${adjective}${colour}${n} ${random.pick(['of', 'from', 'in'])} ${imageName(random, numberOf(i))}${late}`;
  };
  const requested: Claim[] = [];
  for (const { who } of wanted.filter((w) => !extra.includes(w)))
    requested.push({ about: 'count', who: { kind: who.kind, colour: null }, n: 1 });
  news.forEach((word, i) => {
    if (word === null) return;
    const who = whoOf(i);
    requested.push(
      expressions[i] !== faces[i]
        ? { about: 'expression', who, n: 1, expression: expressions[i]! }
        : { about: 'accessory', who, n: 1, accessory: changed[i]!.accessory },
    );
  });
  if (scenic) {
    requested.push({ about: 'background', background: target.background });
    if (target.background !== 'sea') requested.push({ about: 'time', time: target.time });
    requested.push({ about: 'weather', weather: target.weather });
  }
  const setPhrase = scenic
    ? `${random.pick([
        'in the scene of',
        'in the place of',
        'in the scene from',
        'in the place shown in',
      ] as const)} ${imageName(random, sceneFirst ? 0 : given.length - 1)}`
    : settingPhrase(random, target, requested);
  const left = order[0]!,
    right = order[order.length - 1]!;
  let who: string;
  /** The positions that `who` states. */
  const stand: Claim[] = [];
  const inOrder: Claim = { about: 'order', left: whoOf(left), right: whoOf(right), nLeft: 1, nRight: 1 };
  if (order.length === 1) {
    const p =
      place && (place === 'middle' ? random.chance(0.35) : !random.omits(0.65))
        ? ` ${placePhrase(random, placeOf(things.find((t) => t.who === changed[0]) as Thing) ?? place)}`
        : '';
    who = of(0) + (extra.length === 0 ? p : '');
    const to = placeOf(thingOf(0)) ?? place;
    if (p !== '' && extra.length === 0 && to) stand.push({ about: 'place', who: whoOf(0), n: 1, place: to });
  } else if (order.length === 2) {
    const r = random.unit();
    const [i, j] = random.usesColumns ? [left, right] : random.shuffle([0, 1]);
    who =
      r < 0.34
        ? `${of(i)} beside ${of(j)}`
        : r < 0.5
          ? `${of(i)} and ${of(j)}`
          : r < 0.62
            ? `${of(i)} next to ${of(j)}`
            : r < 0.82
              ? `${of(left)} to the left of ${of(right)}`
              : `${of(right)} to the right of ${of(left)}`;
    if (r >= 0.62) stand.push(inOrder);
  } else if (random.chance(0.4)) {
    who = `${of(order[1]!)} between ${of(left)} and ${of(right)}`;
    stand.push({ about: 'between', who: whoOf(order[1]!), n: 1, left: whoOf(left), right: whoOf(right) });
  } else {
    const [i, j, k] = random.usesColumns ? order : [0, 1, 2];
    who = `${of(i!)}, ${of(j!)} and ${of(k!)}`;
  }
  who = who.replace(/,,/g, ',').replace(/, (and|beside|next|to) /g, (m) => m);
  let words: string;
  if (sceneRef && extra.length === 1 && exchanged) {
    requested.push({ about: 'count', who: { kind: extra[0]!.who.kind, colour: null }, n: 0 });
    words =
      `${random.pick(['replace', 'swap'])} the ${noun(null, extra[0]!.who.kind)} ${random.pick(['in', 'of'])} ${imageName(random, sceneFirst ? 0 : given.length - 1)} ${'with'} ${of(0)}`.replace(
        /^swap(.*) with /,
        'swap$1 for ',
      );
  } else if (scenic && random.chance(0.3) && news.every((x) => x === null))
    words =
      `${random.pick(['add', 'put'])} ${whos.map((_, i) => of(i)).join(' and ')} into ${imageName(random, sceneFirst ? 0 : given.length - 1)}`.replace(
        /^add (.*) into /,
        random.chance(0.5) ? 'add $1 to ' : 'add $1 into ',
      );
  else {
    requested.push(...stand);
    const r = random.unit();
    const comma = random.chance(0.35) && !who.endsWith(',') ? ',' : '';
    const tail = `${who}${comma} ${setPhrase}`;
    words =
      r < 0.55
        ? tail
        : r < 0.75
          ? `${random.pick(['draw', 'show', 'paint', 'make a picture of'])} ${tail}`
          : `${random.pick(['put', 'place'])} ${tail}`;
  }
  words = words.replace(/,(\s*,)+/g, ',').replace(/,\s*$/, '');
  return {
    task: 'incontext',
    kind: category,
    instruction: random.chance(0.4) ? capital(words) : words,
    refs: given,
    target,
    question: null,
    answer: null,
    scene: target,
    mask: 'none',
    requested: disambiguate(requested, target),
  };
}
