/** The tasks of the contract: each draws one sample. */
import { type Change, change, EDIT_KINDS, type EditKind } from './changes.ts';
import {
  type Claim,
  type Critique,
  check,
  checks,
  claims,
  critique,
  critiqueExtra,
  find,
  holds,
  phraseOf,
  questionOf,
  STOP,
} from './claims.ts';
import {
  drawAccessoryFor,
  drawExpression,
  drawIdentity,
  drawScene,
  drawSetting,
  isHeldout,
  layOut,
  otherColour,
  type Split,
  type Wanted,
} from './compose.ts';
import {
  accessoryPhrase,
  article,
  BACKGROUND_NAME,
  capital,
  description,
  NUMBER_WORDS,
  noun,
  nounPhrase,
  placePhrase,
  plural,
  request,
  STYLE_NAMES,
  sentence,
  settingPhrase,
  theThing,
} from './grammar.ts';
import type { Random } from './random.ts';
import {
  ACCESSORIES,
  BACKGROUNDS,
  COLOURS,
  CREATURES,
  cloneScene,
  countOf,
  EXPRESSIONS,
  isCreature,
  type Kind,
  middleOf,
  OBJECTS,
  placeOf,
  type Scene,
  type Style,
  type Thing,
} from './scene.ts';

export const TASKS = [
  't2i',
  'edit',
  'incontext',
  'understand',
  'reflect',
  'critique_fix',
  'checklist',
  'chat',
] as const;
export type Task = (typeof TASKS)[number];

/** A sample before its pictures are drawn: scenes in place of pictures. */
export interface Case {
  task: Task;
  kind: string;
  instruction: string | null;
  refs: Scene[];
  target: Scene | null;
  question: string | null;
  answer: string | null;
  scene: Scene;
  mask: 'none' | 'difference' | 'all';
}

/** Whether the case keeps to its split: training never shows a held-out combination. */
function keeps(c: Case, split: Split): boolean {
  const scenes = [...c.refs, ...(c.target ? [c.target] : []), c.scene];
  if (split === 'train') return scenes.every((s) => s.things.every((t) => !isHeldout(t.who)));
  return scenes.every((s) => s.things.length === 0 || s.things.some((t) => isHeldout(t.who)));
}

export function drawCase(task: Task, random: Random, split: Split): Case {
  let last: Case | null = null;
  // The kind is drawn once, so that kinds that often fail are not rarer for it.
  const edit = random.weighted(EDIT_WEIGHTS),
    category = random.weighted(CATEGORIES),
    questionKind = random.weighted(QUESTION_KINDS);
  const faults = random.weighted(
    task === 'reflect'
      ? ([
          [0, 0.36],
          [1, 0.44],
          [2, 0.2],
        ] as const)
      : ([
          [1, 0.72],
          [2, 0.28],
        ] as const),
  );
  const first = random.weighted(DEFECTS),
    chat = random.weighted(CHAT_KINDS);
  const attemptCase = (): Case | null => {
    switch (task) {
      case 't2i': {
        const scene = drawScene(random, split);
        return {
          task,
          kind: 't2i',
          instruction: request(random, scene, { loose: true }).text,
          refs: [],
          target: scene,
          question: null,
          answer: null,
          scene,
          mask: 'none',
        };
      }
      case 'edit':
        return drawEdit(random, split, edit);
      case 'incontext':
        return drawInContext(random, split, category);
      case 'understand':
        return drawUnderstand(random, split, questionKind);
      case 'reflect':
        return drawReflect(random, split, faults, first);
      case 'critique_fix':
        return drawFix(random, split, faults, first);
      case 'checklist':
        return drawChecklist(random, split);
      case 'chat':
        return drawChat(random, split, chat);
    }
  };
  for (let attempt = 0; attempt < 1000; attempt++) {
    const c = attemptCase();
    if (c === null) continue;
    last = c;
    if (keeps(c, split)) return c;
  }
  if (last === null) throw new Error(`no case for ${task}`);
  return last;
}

/* ---- edit ---------------------------------------------------------------------------- */

const EDIT_WEIGHTS: readonly (readonly [EditKind | 'two', number])[] = [
  ['add', 13],
  ['remove', 9],
  ['replace', 8],
  ['turn_into', 3],
  ['recolour', 10],
  ['move', 5],
  ['swap', 3],
  ['resize', 5],
  ['background', 8],
  ['time', 4],
  ['weather', 4],
  ['expression', 7],
  ['accessory', 7],
  ['accessory_off', 3],
  ['accessory_swap', 3],
  ['accessory_colour', 3],
  ['pattern', 3],
  ['pattern_off', 2],
  ['pattern_colour', 2],
  ['style', 6],
  ['extract', 4],
  ['count', 4],
  ['two', 7],
];

const polish = (random: Random, words: string): string => {
  let out = words.replace(/\s+/g, ' ').trim();
  const r = random.unit();
  if (r < 0.08 && !/^(the|there|it|I|no) /.test(out)) out = `please ${out}`;
  else if (r < 0.12 && !/^(the|there|it|I|no) /.test(out)) out = `can you ${out}?`;
  if (random.chance(0.35)) out = capital(out);
  if (random.chance(0.2) && !out.endsWith('?')) out += '.';
  return out;
};

const TWO: readonly EditKind[] = [
  'recolour',
  'expression',
  'accessory',
  'accessory_off',
  'accessory_colour',
  'pattern',
  'background',
  'time',
  'weather',
  'remove',
];

/** "make the bunny happy and give it a red crown". */
function joinWords(random: Random, scene: Scene, first: string, second: string): string {
  for (const t of scene.things) {
    for (const name of [
      theThing(null, scene, t),
      `the ${t.who.colour} ${noun(null, t.who.kind, countOf(t))}`,
    ]) {
      if (first.includes(name) && second.includes(name) && random.chance(0.75))
        return `${first} and ${second.replace(name, countOf(t) === 1 ? 'it' : 'them')}`;
    }
  }
  return `${first} and ${second}`;
}

function drawEdit(random: Random, split: Split, kind: EditKind | 'two'): Case | null {
  const scene = drawScene(random, split, kind === 'swap' ? { things: 2 } : {});
  let c: Change | null;
  if (kind === 'two') {
    const [a, b] = random.sample(TWO, 2) as [EditKind, EditKind];
    const first = change(a, random, scene, split);
    const second = first && change(b, random, first.after, split);
    if (
      !first ||
      !second ||
      (a === 'accessory' && b.startsWith('accessory')) ||
      /^(the|it|I|no) /.test(second.words)
    )
      return null;
    if (a === 'accessory_off' && b.startsWith('accessory')) return null;
    c = {
      kind: a,
      before: scene,
      after: second.after,
      words: joinWords(random, scene, first.words, second.words),
      whole: first.whole || second.whole,
    };
  } else c = change(kind, random, scene, split);
  if (c === null) return null;
  return {
    task: 'edit',
    kind,
    instruction: polish(random, c.words),
    refs: [c.before],
    target: c.after,
    question: null,
    answer: null,
    scene: c.after,
    mask: c.whole ? 'all' : 'difference',
  };
}

/* ---- in context ---------------------------------------------------------------------- */

const CATEGORIES = [
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

function drawInContext(random: Random, split: Split, category: (typeof CATEGORIES)[number][0]): Case | null {
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

  // The given pictures: each shows one of them, now and then with something else.
  const refs: Scene[] = [];
  for (let i = 0; i < whos.length; i++) {
    const wanted: Wanted[] = [{ who: whos[i]!, expression: faces[i]!, size: 'medium', count: 1 }];
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

  // What is new about them.
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
  const extra: Wanted[] = [];
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
  const wanted: Wanted[] = order.map((i) => ({
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
    // The other thing stands where the new one will.
    const old = layOut(random, extra, placeOf(things[0] as Thing) ?? place);
    if (!old) return null;
    const shift = middleOf(things[0] as Thing) - middleOf(old[0] as Thing);
    if (Math.abs(shift) > 8) return null;
    sceneRef.things = old;
  } else if (sceneRef && extra.length > 0) sceneRef.things = [things[at] as Thing];

  const images = scenic ? [...refs, sceneRef as Scene] : refs;
  // The scene may be given first.
  const sceneFirst = scenic && random.chance(0.3);
  const given = sceneFirst ? [sceneRef as Scene, ...refs] : images;
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
  const setPhrase = scenic
    ? `${random.pick([
        'in the scene of',
        'in the place of',
        'in the scene from',
        'in the place shown in',
      ] as const)} ${imageName(random, sceneFirst ? 0 : given.length - 1)}`
    : settingPhrase(random, target);
  const left = order[0]!,
    right = order[order.length - 1]!;
  let who: string;
  if (order.length === 1) {
    const p =
      place && random.chance(0.35)
        ? ` ${placePhrase(random, placeOf(things.find((t) => t.who === changed[0]) as Thing) ?? place)}`
        : '';
    who = of(0) + (extra.length === 0 ? p : '');
  } else if (order.length === 2) {
    const r = random.unit();
    const [i, j] = random.chance(0.5) ? [0, 1] : [1, 0];
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
  } else
    who = random.chance(0.4)
      ? `${of(order[1]!)} between ${of(left)} and ${of(right)}`
      : `${of(0)}, ${of(1)} and ${of(2)}`;
  who = who.replace(/,,/g, ',').replace(/, (and|beside|next|to) /g, (m) => m);
  let words: string;
  if (sceneRef && extra.length === 1 && exchanged)
    words =
      `${random.pick(['replace', 'swap'])} the ${noun(null, extra[0]!.who.kind)} ${random.pick(['in', 'of'])} ${imageName(random, sceneFirst ? 0 : given.length - 1)} ${'with'} ${of(0)}`.replace(
        /^swap(.*) with /,
        'swap$1 for ',
      );
  else if (scenic && random.chance(0.3) && news.every((x) => x === null))
    words =
      `${random.pick(['add', 'put'])} ${whos.map((_, i) => of(i)).join(' and ')} into ${imageName(random, sceneFirst ? 0 : given.length - 1)}`.replace(
        /^add (.*) into /,
        random.chance(0.5) ? 'add $1 to ' : 'add $1 into ',
      );
  else {
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
  };
}

/* ---- understanding ------------------------------------------------------------------- */

const QUESTION_KINDS = [
  ['describe', 20],
  ['what', 8],
  ['colour', 14],
  ['count', 12],
  ['where', 10],
  ['yesno', 18],
  ['wear', 6],
  ['look', 6],
  ['pattern', 4],
  ['background', 6],
  ['time', 4],
  ['weather', 3],
  ['style', 3],
  ['unusual', 4],
  ['checklist', 4],
] as const;

function ask(random: Random, scene: Scene, kind: string): [string, string] | null {
  const things = scene.things;
  const pickThing = (test: (t: Thing) => boolean = () => true): Thing | null => {
    const f = things.filter(test);
    return f.length === 0 ? null : random.pick(f);
  };
  const is = (t: Thing) => (countOf(t) === 1 ? 'is' : 'are');
  const subject = (t: Thing) => (countOf(t) === 1 ? 'It' : 'They');
  const named = (t: Thing) => theThing(null, scene, t);
  switch (kind) {
    case 'describe':
      return [
        random.pick([
          'Describe the picture.',
          'What does the picture show?',
          'What do you see?',
          'Write a caption for this picture.',
          'Describe this image.',
          'Say what is in the picture.',
        ]),
        description(random, scene),
      ];
    case 'what': {
      const list = things.map((t) => nounPhrase(random, t, { short: true }));
      const joined =
        list.length === 0
          ? 'nothing'
          : list.length === 1
            ? list[0]!
            : `${list.slice(0, -1).join(', ')} and ${list[list.length - 1]}`;
      return [
        random.pick([
          'What is in the picture?',
          'Which things are in the picture?',
          'What can be seen here?',
        ]),
        sentence(joined),
      ];
    }
    case 'colour': {
      const t = pickThing((q) => !things.some((o) => o !== q && o.who.kind === q.who.kind));
      if (!t) return null;
      if (t.who.accessory && random.chance(0.35)) {
        const plain = t.who.accessory.kind === 'glasses' || countOf(t) > 1;
        const a =
          countOf(t) > 1 && t.who.accessory.kind !== 'glasses'
            ? plural(t.who.accessory.kind)
            : t.who.accessory.kind;
        return [
          `What colour ${plain ? 'are' : 'is'} the ${a}?`,
          random.chance(0.5)
            ? sentence(t.who.accessory.colour)
            : `The ${a} ${plain ? 'are' : 'is'} ${t.who.accessory.colour}.`,
        ];
      }
      return [
        random.pick([
          `What colour ${is(t)} ${named(t)}?`,
          `Which colour ${countOf(t) === 1 ? 'does' : 'do'} ${named(t)} have?`,
        ]),
        random.chance(0.5) ? sentence(t.who.colour) : `${capital(named(t))} ${is(t)} ${t.who.colour}.`,
      ];
    }
    case 'count': {
      const t = pickThing();
      if (!t || random.chance(0.15)) {
        const kind2 = random.pick(
          [...CREATURES, ...OBJECTS].filter((k) => !things.some((o) => o.who.kind === k)),
        );
        return [
          `How many ${plural(kind2)} are there?`,
          random.pick(['None.', `There are no ${plural(kind2)}.`]),
        ];
      }
      const n = things.filter((o) => o.who.kind === t.who.kind).reduce((a, o) => a + countOf(o), 0);
      return [
        random.pick([
          `How many ${plural(t.who.kind)} are there?`,
          `How many ${plural(t.who.kind)} do you see?`,
        ]),
        random.chance(0.5)
          ? sentence(NUMBER_WORDS[n]!)
          : n === 1
            ? `There is one ${t.who.kind}.`
            : `There are ${NUMBER_WORDS[n]} ${plural(t.who.kind)}.`,
      ];
    }
    case 'where': {
      if (things.length >= 2 && random.chance(0.6)) {
        const sorted = things.slice().sort((a, b) => middleOf(a) - middleOf(b));
        const i = random.whole(0, sorted.length - 2);
        const a = sorted[i]!,
          b = sorted[i + 1]!;
        const flip = random.chance(0.5);
        const [t, o, side] = flip ? ([b, a, 'right'] as const) : ([a, b, 'left'] as const);
        return [`Where ${is(t)} ${named(t)}?`, `To the ${side} of ${named(o)}.`];
      }
      const t = pickThing((q) => placeOf(q) !== null);
      if (!t) return null;
      const p = placeOf(t)!;
      return [`Where ${is(t)} ${named(t)}?`, p === 'middle' ? 'In the middle.' : `On the ${p}.`];
    }
    case 'yesno': {
      const list = claims(scene);
      const claim = random.pick(list);
      if (random.chance(0.5)) return [questionOf(claim), 'Yes.'];
      const wrong = wrongClaim(random, claim, scene);
      if (!wrong || holds(wrong, scene)) return null;
      const right = 'about' in claim ? phraseOf(claim) : '';
      return [questionOf(wrong), random.chance(0.6) || wrong.about === 'count' ? 'No.' : `No, ${right}.`];
    }
    case 'wear': {
      const t = pickThing((q) => isCreature(q.who.kind));
      if (!t) return null;
      const a = t.who.accessory;
      const many = countOf(t) > 1;
      return [
        `What ${many ? 'do' : 'does'} ${named(t)} wear?`,
        a
          ? sentence(many && a.kind !== 'glasses' ? `${a.colour} ${plural(a.kind)}` : accessoryPhrase(a))
          : 'Nothing.',
      ];
    }
    case 'look': {
      const t = pickThing((q) => q.expression !== null);
      if (!t) return null;
      return [
        random.pick([
          `How ${countOf(t) === 1 ? 'does' : 'do'} ${named(t)} look?`,
          `How ${countOf(t) === 1 ? 'does' : 'do'} ${named(t)} feel?`,
        ]),
        random.chance(0.5)
          ? sentence(t.expression!)
          : `${subject(t)} look${countOf(t) === 1 ? 's' : ''} ${t.expression}.`,
      ];
    }
    case 'pattern': {
      const t = pickThing((q) => q.who.pattern !== 'plain') ?? pickThing();
      if (!t) return null;
      const q = `Which pattern ${countOf(t) === 1 ? 'does' : 'do'} ${named(t)} have?`;
      return [
        q,
        t.who.patternColour
          ? sentence(`${t.who.patternColour} ${t.who.pattern === 'striped' ? 'stripes' : 'spots'}`)
          : `None, ${countOf(t) === 1 ? 'it is' : 'they are'} plain ${t.who.colour}.`,
      ];
    }
    case 'background':
      return [
        random.pick(['Where does this happen?', 'What is the background?', 'Which place is this?']),
        sentence(BACKGROUND_NAME[scene.background]),
      ];
    case 'time':
      return scene.background === 'sea'
        ? null
        : [
            random.pick(['Is it day or night?', 'Which time of day is it?']),
            { day: 'It is day.', night: 'It is night.', sunset: 'It is sunset.' }[scene.time],
          ];
    case 'weather':
      return [
        random.pick(['How is the weather?', 'What is the weather like?']),
        { none: 'It is dry.', snow: 'Snow is falling.', rain: 'It is raining.' }[scene.weather],
      ];
    case 'style':
      return [
        random.pick(['Which style is this?', 'How is it drawn?']),
        sentence(`as ${STYLE_NAMES[scene.style][0]}`),
      ];
    case 'unusual': {
      const t = pickThing((q) => isCreature(q.who.kind) && countOf(q) === 1);
      if (!t) return null;
      const odd: string[] = [];
      if (scene.background === 'sea' && t.who.kind !== 'frog') odd.push('it is under the sea');
      if (
        ['blue', 'green', 'purple', 'pink'].includes(t.who.colour) &&
        t.who.kind !== 'alien' &&
        t.who.kind !== 'bird' &&
        !(t.who.kind === 'frog' && t.who.colour === 'green')
      )
        odd.push(`it is ${t.who.colour}`);
      if (t.who.accessory) odd.push(`it wears ${accessoryPhrase(t.who.accessory)}`);
      if (t.who.pattern === 'spotted' || (t.who.pattern === 'striped' && t.who.kind !== 'cat'))
        odd.push(`it has ${t.who.patternColour} ${t.who.pattern === 'striped' ? 'stripes' : 'spots'}`);
      const n = random.chance(0.5) ? 'this' : 'the';
      const q = `What is unusual about ${n} ${noun(random, t.who.kind)}?`;
      if (odd.length === 0) return [q, 'Nothing is unusual.'];
      const two = odd.slice(0, 2);
      return [q, sentence(two.join(', and '))];
    }
    case 'checklist': {
      const list = random.sample(checks(scene), 3);
      return [
        `Answer yes or no. ${list.map((c, i) => `${i + 1}. ${c.question}`).join(' ')}`,
        list.map((_, i) => `${i + 1}. Yes.`).join(' '),
      ];
    }
    default:
      return null;
  }
}

/** A near miss of the claim. */
function wrongClaim(random: Random, claim: Claim, scene: Scene): Claim | null {
  switch (claim.about) {
    case 'count': {
      if (random.chance(0.5)) {
        const kind = random.pick(
          [...CREATURES, ...OBJECTS].filter((k) => !scene.things.some((t) => t.who.kind === k)),
        );
        return { about: 'count', who: { kind, colour: null }, n: 1 };
      }
      return { ...claim, n: random.pick([2, 3, 4].filter((n) => n !== claim.n)) };
    }
    case 'colour':
      return { ...claim, colour: otherColour(random, [claim.colour]) };
    case 'pattern':
      return { ...claim, patternColour: otherColour(random, [claim.patternColour]) };
    case 'accessory':
      return {
        ...claim,
        accessory:
          random.chance(0.5) && claim.accessory
            ? {
                kind: random.pick(ACCESSORIES.filter((k) => k !== claim.accessory!.kind)),
                colour: claim.accessory.colour,
              }
            : claim.accessory && {
                ...claim.accessory,
                colour: otherColour(random, [claim.accessory.colour]),
              },
      };
    case 'expression':
      return { ...claim, expression: random.pick(EXPRESSIONS.filter((e) => e !== claim.expression)) };
    case 'size':
      return { ...claim, size: claim.size === 'big' ? 'small' : 'big' };
    case 'place':
      return {
        ...claim,
        place: random.pick((['left', 'middle', 'right'] as const).filter((p) => p !== claim.place)),
      };
    case 'order':
      return {
        about: 'order',
        left: claim.right,
        right: claim.left,
        nLeft: claim.nRight,
        nRight: claim.nLeft,
      };
    case 'between':
      return null;
    case 'background':
      return { ...claim, background: random.pick(BACKGROUNDS.filter((b) => b !== claim.background)) };
    case 'time':
      return {
        ...claim,
        time: random.pick((['day', 'night', 'sunset'] as const).filter((t) => t !== claim.time)),
      };
    case 'weather':
      return { ...claim, weather: claim.weather === 'snow' ? 'rain' : 'snow' };
    case 'style':
      return {
        ...claim,
        style: random.pick(
          (['storybook', 'sketch', 'neon', 'paper'] as const).filter((s) => s !== claim.style),
        ),
      };
  }
}

function drawUnderstand(random: Random, split: Split, kind: string): Case | null {
  const scene = drawScene(random, split);
  let asked: [string, string] | null;
  if (kind === 'checklist') {
    // Some of the checks are true, some not.
    const list = random.sample(claims(scene), random.whole(2, 4)).map((claim) => {
      const wrong = random.chance(0.45) ? wrongClaim(random, claim, scene) : null;
      return check(wrong ?? claim, scene);
    });
    asked = [
      `Answer yes or no. ${list.map((c, i) => `${i + 1}. ${c.question}`).join(' ')}`,
      list.map((c, i) => `${i + 1}. ${c.truth ? 'Yes.' : 'No.'}`).join(' '),
    ];
  } else asked = ask(random, scene, kind);
  if (!asked) return null;
  return {
    task: 'understand',
    kind,
    instruction: null,
    refs: [scene],
    target: null,
    question: asked[0],
    answer: asked[1],
    scene,
    mask: 'none',
  };
}

/* ---- reflection ---------------------------------------------------------------------- */

const DEFECTS: readonly (readonly [EditKind, number])[] = [
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

/** A request, the picture it asks for, and one that misses it in one or two ways. */
interface Miss {
  words: string;
  wanted: Scene;
  shown: Scene;
  critiques: Critique[];
  whole: boolean;
}

function drawMiss(random: Random, split: Split, faults: number, first: EditKind): Miss | null {
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
      // `before` has one fewer: it may be what was asked for, or what is shown.
      const [more, fewer] =
        countAll(c.before) > countAll(c.after) ? [c.before, c.after] : [c.after, c.before];
      if (kind === 'add') {
        if (fewer.things.length === 0) return null;
        [wanted, shown] = [fewer, more];
      } else [wanted, shown] = random.chance(0.65) ? [more, fewer] : [fewer, more];
    } else shown = c.after;
    whole ||= c.whole;
  }
  const asked = request(random, wanted, { expression: true });
  if (faults === 0) return { words: asked.text, wanted, shown, critiques: [], whole };
  const critiques: Critique[] = [];
  const seen = new Set<string>();
  for (const claim of asked.told) {
    if (holds(claim, shown)) continue;
    if ('who' in claim && claim.about !== 'count' && !find(shown, claim.who)) continue; // said by "missing"
    if (claim.about === 'order' && (!find(shown, claim.left) || !find(shown, claim.right))) continue;
    if (claim.about === 'between' && (!find(shown, claim.left) || !find(shown, claim.right))) continue;
    const critic = critique(random, claim, wanted, shown);
    if (seen.has(critic.fault)) continue;
    seen.add(critic.fault);
    critiques.push(critic);
  }
  for (const t of shown.things) {
    const asked2 = wanted.things.find((o) => o.who.kind === t.who.kind);
    if (!asked2) critiques.push(critiqueExtra(random, t));
    // Worn or painted on, but not asked for.
    else if (asked2.who.accessory === null && t.who.accessory !== null)
      critiques.push(
        critique(
          random,
          { about: 'accessory', who: { kind: t.who.kind, colour: null }, n: countOf(t), accessory: null },
          wanted,
          shown,
        ),
      );
    else if (asked2.who.pattern === 'plain' && t.who.pattern !== 'plain')
      critiques.push(
        critique(
          random,
          {
            about: 'pattern',
            who: { kind: t.who.kind, colour: null },
            n: countOf(t),
            pattern: 'plain',
            patternColour: null,
          },
          wanted,
          shown,
        ),
      );
  }
  // What the words did not say cannot be missed.
  if (critiques.length !== faults) return null;
  return { words: asked.text, wanted, shown, critiques, whole };
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

function drawReflect(random: Random, split: Split, faults: number, first: EditKind): Case | null {
  const m = drawMiss(random, split, faults, first);
  if (!m) return null;
  return {
    task: 'reflect',
    kind: faults === 0 ? 'stop' : faults === 1 ? 'one_fault' : 'two_faults',
    instruction: m.words,
    refs: [m.shown],
    target: null,
    question: reflectQuestion(random, m.words),
    answer: faults === 0 ? STOP : critiqueText(m.critiques),
    scene: m.wanted,
    mask: 'none',
  };
}

function drawFix(random: Random, split: Split, faults: number, first: EditKind): Case | null {
  const m = drawMiss(random, split, faults, first);
  if (!m) return null;
  const r = random.unit();
  const words =
    r < 0.7
      ? critiqueText(m.critiques)
      : r < 0.9
        ? m.critiques.map((c) => c.fix).join(' ')
        : m.critiques.map((c) => c.fault).join(' ');
  return {
    task: 'critique_fix',
    kind: faults === 1 ? 'one_fault' : 'two_faults',
    instruction: words,
    refs: [m.shown],
    target: m.wanted,
    question: null,
    answer: null,
    scene: m.wanted,
    mask: m.whole ? 'all' : 'difference',
  };
}

function drawChecklist(random: Random, split: Split): Case | null {
  const scene = drawScene(random, split, { kindsDiffer: true });
  const asked = request(random, scene, { expression: random.chance(0.5) });
  const list: string[] = [];
  for (const claim of asked.told) {
    const q = questionOf(claim);
    if (!list.includes(q)) list.push(q);
  }
  const question = random.pick([
    `Split this request into yes/no checks: ${quoted(asked.text)}.`,
    `Which checks does this request need? ${capital(quoted(asked.text))}.`,
    `List the checks for ${quoted(asked.text)}.`,
  ]);
  return {
    task: 'checklist',
    kind: 'checklist',
    instruction: asked.text,
    refs: [],
    target: null,
    question,
    answer: list.map((q, i) => `${i + 1}. ${q}`).join('\n'),
    scene,
    mask: 'none',
  };
}

/* ---- chat ---------------------------------------------------------------------------- */

const IMG = '<|img|>';

const CHAT_KINDS = [
  ['draw', 34],
  ['edit', 24],
  ['question', 22],
  ['talk', 20],
] as const;

function drawChat(random: Random, split: Split, kind: (typeof CHAT_KINDS)[number][0]): Case | null {
  const scene = drawScene(random, split);
  const base = { task: 'chat' as const, target: null, scene, mask: 'none' as const };
  switch (kind) {
    case 'draw': {
      const asked = request(random, scene).text;
      const words = /^(draw|paint|show|make|please|can|i )/i.test(asked)
        ? asked
        : `${random.pick(['draw', 'please draw', 'can you make', 'I want'])} ${asked.charAt(0).toLowerCase()}${asked.slice(1)}`;
      return {
        ...base,
        kind,
        instruction: words,
        refs: [],
        question: words,
        answer: `${IMG} ${random.pick(['Here is the picture.', 'Here it is.', `Here you see ${scene.things.map((t) => nounPhrase(random, t, { short: true })).join(' and ')}.`])}`,
      };
    }
    case 'edit': {
      const c = change(random.pick(EDIT_KINDS), random, scene, split);
      if (!c) return null;
      const words = polish(random, c.words);
      return {
        ...base,
        scene: c.after,
        kind,
        instruction: words,
        refs: [c.before],
        question: words,
        answer: `${IMG} ${random.pick(['I have changed it.', 'Here is the new picture.', 'Done, the rest is the same.'])}`,
      };
    }
    case 'question': {
      const asked = ask(random, scene, random.weighted(QUESTION_KINDS.filter(([k]) => k !== 'checklist')));
      return (
        asked && { ...base, kind, instruction: null, refs: [scene], question: asked[0], answer: asked[1] }
      );
    }
    case 'talk': {
      const [q, a] = random.pick(TALK);
      return { ...base, kind, instruction: null, refs: [], question: random.pick(q), answer: random.pick(a) };
    }
  }
}

const TALK: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['Hello!', 'Hi!', 'Good day!', 'Hello, who are you?'],
    ['Hello! Tell me what you want to see.', 'Hello! I draw storybook pictures. What shall I draw?'],
  ],
  [
    ['What can you do?', 'What can you draw?', 'Help.', 'How does this work?'],
    [
      'I draw pictures, change them, and answer questions about them.',
      'Tell me what you want to see, and I draw it. I can also change a picture.',
    ],
  ],
  [
    ['Thank you!', 'Thanks!', 'That is nice.', 'I like it!'],
    ['You are welcome!', 'I am glad that you like it.'],
  ],
  [
    ['Which animals can you draw?', 'Which creatures do you know?'],
    ['I can draw a cat, a bunny, a bear, a fox, an alien, a bird, a frog and a mouse.'],
  ],
  [
    ['Which colours do you know?', 'Which colours can you use?'],
    [`I know ${COLOURS.slice(0, -1).join(', ')} and ${COLOURS[COLOURS.length - 1]}.`],
  ],
  [
    ['Which styles do you know?', 'Which styles can you draw?'],
    ['I draw storybook pictures, pencil sketches, neon drawings and paper cut-outs.'],
  ],
  [
    ['Which places do you know?', 'Where can it be?'],
    ['A meadow, snow, a forest, a beach, a desert, the sea, a room, mountains and a city.'],
  ],
  [['Goodbye!', 'Bye!'], ['Goodbye! Come back soon.']],
];

export { article, cloneScene };
