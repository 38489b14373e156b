/** Cases of understanding: a picture, a question and its answer. */

import { listed } from '../../listed.ts';
import { drawScene, otherColour, type Split } from '../compose.ts';
import type { Claim } from '../language/claim.ts';
import { phraseOf, questionOf } from '../language/claim-words.ts';
import { check, checks, claims, holds } from '../language/claims.ts';
import { description, nounPhrase, theThing } from '../language/phrases.ts';
import {
  accessoryPhrase,
  BACKGROUND_NAME,
  capital,
  NUMBER_WORDS,
  noun,
  plural,
  STYLE_NAMES,
  sentence,
} from '../language/words.ts';
import { FIRST_CHOICE, type Random } from '../random.ts';
import {
  ACCESSORIES,
  BACKGROUNDS,
  CREATURES,
  countOf,
  EXPRESSIONS,
  isCreature,
  middleOf,
  OBJECTS,
  placeOf,
  type Scene,
  type Thing,
} from '../scene.ts';

import type { Case } from './case.ts';
import { groundingAnswer } from './grounding.ts';

export const QUESTION_KINDS = [
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
  ['ground', 10],
] as const;

/**
 * A question of one kind about a scene's picture, and its answer; null if the scene has no such question.
 * Each wording of a question has exactly one right answer.
 */
export function drawQuestion(random: Random, scene: Scene, kind: string): [string, string] | null {
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
        description(FIRST_CHOICE, leftToRight(scene)),
      ];
    case 'what': {
      const list = leftToRight(scene).things.map((t) => nounPhrase(FIRST_CHOICE, t, { short: true }));
      const joined = list.length === 0 ? 'nothing' : listed(list);
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
        return [`What colour ${plain ? 'are' : 'is'} the ${a}?`, sentence(t.who.accessory.colour)];
      }
      return random.pick([
        [`What colour ${is(t)} ${named(t)}?`, sentence(t.who.colour)],
        [
          `Which colour ${countOf(t) === 1 ? 'does' : 'do'} ${named(t)} have?`,
          `${capital(named(t))} ${is(t)} ${t.who.colour}.`,
        ],
      ]);
    }
    case 'count': {
      const t = pickThing();
      if (!t || random.chance(0.15)) {
        const kind2 = random.pick(
          [...CREATURES, ...OBJECTS].filter((k) => !things.some((o) => o.who.kind === k)),
        );
        return random.pick([
          [`How many ${plural(kind2)} are there?`, 'None.'],
          [`How many ${plural(kind2)} do you see?`, `There are no ${plural(kind2)}.`],
        ]);
      }
      const n = things.filter((o) => o.who.kind === t.who.kind).reduce((a, o) => a + countOf(o), 0);
      return random.pick([
        [`How many ${plural(t.who.kind)} are there?`, sentence(NUMBER_WORDS[n] ?? `${n}`)],
        [
          `How many ${plural(t.who.kind)} do you see?`,
          n === 1 ? `There is one ${t.who.kind}.` : `There are ${NUMBER_WORDS[n]} ${plural(t.who.kind)}.`,
        ],
      ]);
    }
    case 'where': {
      if (things.length >= 2 && random.chance(0.6)) {
        const sorted = leftToRight(scene).things;
        const t = random.pick(sorted);
        const i = sorted.indexOf(t);
        const answer =
          i === 0 ? `To the left of ${named(sorted[1]!)}.` : `To the right of ${named(sorted[i - 1]!)}.`;
        return [`Where ${is(t)} ${named(t)}?`, answer];
      }
      const t = pickThing((q) => placeOf(q) !== null);
      if (!t) return null;
      const p = placeOf(t)!;
      // If there are other things, "where" asks for a neighbour.
      const question =
        things.length === 1 && random.chance(0.5)
          ? `Where ${is(t)} ${named(t)}?`
          : `In which part of the picture ${is(t)} ${named(t)}?`;
      return [question, p === 'middle' ? 'In the middle.' : `On the ${p}.`];
    }
    case 'yesno': {
      const list = claims(scene);
      const claim = random.pick(list);
      if (random.chance(0.5)) return [questionOf(claim), 'Yes.'];
      const wrong = wrongClaim(random, claim, scene);
      if (!wrong || holds(wrong, scene)) return null;
      const right = 'about' in claim ? phraseOf(claim) : '';
      return [questionOf(wrong), wrong.about === 'count' ? 'No.' : `No, ${right}.`];
    }
    case 'wear': {
      const t = pickThing((q) => isCreature(q.who.kind));
      if (!t) return null;
      const a = t.who.accessory;
      const many = countOf(t) > 1;
      return [
        random.pick([`What ${many ? 'do' : 'does'} ${named(t)} wear?`, `What ${is(t)} ${named(t)} wearing?`]),
        a
          ? sentence(many && a.kind !== 'glasses' ? `${a.colour} ${plural(a.kind)}` : accessoryPhrase(a))
          : 'Nothing.',
      ];
    }
    case 'look': {
      const t = pickThing((q) => q.expression !== null);
      if (!t) return null;
      const does = countOf(t) === 1 ? 'does' : 'do';
      return random.pick([
        [`How ${does} ${named(t)} look?`, sentence(t.expression!)],
        [
          `How ${does} ${named(t)} feel?`,
          `${subject(t)} look${countOf(t) === 1 ? 's' : ''} ${t.expression}.`,
        ],
      ]);
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
    case 'ground': {
      const t = pickThing();
      if (!t) return null;
      const name = named(t);
      return [
        random.pick([
          `Where ${is(t)} ${name}? Answer with ${countOf(t) === 1 ? 'a box' : 'boxes'}.`,
          `Locate ${name} in the picture.`,
          `Give the ${countOf(t) === 1 ? 'box' : 'boxes'} of ${name} in JSON.`,
          `Find ${name}. Output the coordinates in JSON format.`,
        ]),
        groundingAnswer(scene, t),
      ];
    }
    default:
      return null;
  }
}

/** The scene with its things ordered from left to right, as answers name them. */
const leftToRight = (scene: Scene): Scene => ({
  ...scene,
  things: scene.things.slice().sort((a, b) => middleOf(a) - middleOf(b)),
});

/** A claim that differs from a true one in one value. */
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

/** A random scene and a question about it. */
export function drawUnderstand(random: Random, split: Split, kind: string): Case | null {
  return questionAbout(random, drawScene(random, split), kind);
}

/** Up to `count` questions about the picture of a scene. No two have the same kind and answer. */
export function questionsAbout(random: Random, scene: Scene, count: number): Case[] {
  const out: Case[] = [];
  for (let attempt = 0; attempt < 8 * count && out.length < count; attempt++) {
    const found = questionAbout(random, scene, random.weighted(QUESTION_KINDS));
    if (found && !out.some((o) => o.kind === found.kind && o.answer === found.answer)) out.push(found);
  }
  return out;
}

function questionAbout(random: Random, scene: Scene, kind: string): Case | null {
  let pair: [string, string] | null;
  if (kind === 'checklist') {
    // Some of the checks hold, some do not.
    const list = random.sample(claims(scene), random.whole(2, 4)).map((claim) => {
      const wrong = random.chance(0.45) ? wrongClaim(random, claim, scene) : null;
      return check(wrong ?? claim, scene);
    });
    pair = [
      `Answer yes or no. ${list.map((c, i) => `${i + 1}. ${c.question}`).join(' ')}`,
      list.map((c, i) => `${i + 1}. ${c.truth ? 'Yes.' : 'No.'}`).join(' '),
    ];
  } else pair = drawQuestion(random, scene, kind);
  if (!pair) return null;
  return {
    task: 'understand',
    kind,
    instruction: null,
    refs: [scene],
    target: null,
    question: pair[0],
    answer: pair[1],
    scene,
    mask: 'none',
  };
}
