/** Edits of a thing's appearance: colour, expression, accessory, pattern. */

import { canHavePattern, drawAccessoryFor, otherColour } from '../compose.ts';
import { EXPRESSION_WORDS, patternNoun, wornNoun, wornPhrase } from '../language/words.ts';
import { countOf, EXPRESSIONS, isCreature, type Thing } from '../scene.ts';
import { type EditMaker, withThing } from './edit.ts';
import { goneFrom } from './words.ts';

export const recolour: EditMaker = ({ random, scene, pickThing, makeChange, subjectOf, nameOrPronoun }) => {
  const i = pickThing(() => true)!;
  const t = scene.things[i] as Thing;
  const colour = otherColour(random, [t.who.colour, t.who.patternColour, t.who.accessory?.colour]);
  const after = withThing(scene, i, (x) => {
    x.who.colour = colour;
  });
  const n = nameOrPronoun(i);
  return makeChange(
    after,
    random.pick([
      `make ${n} ${colour}`,
      `make ${n} ${colour}`,
      `change the colour of ${n} to ${colour}`,
      `paint ${n} ${colour}`,
      `turn ${n} ${colour}`,
      `I want ${n} to be ${colour}`,
      `colour ${n} ${colour}`,
    ]),
    // Where another thing of its kind is there, its name has the colour, so that "is there" includes it.
    subjectOf(after, i).who.colour === null
      ? [{ about: 'colour', ...subjectOf(after, i), colour }]
      : [{ about: 'count', ...subjectOf(after, i) }, ...goneFrom(after, scene, t)],
  );
};

export const changeExpression: EditMaker = ({
  random,
  scene,
  pickThing,
  makeChange,
  nameOrPronoun,
  fullName,
  subjectOf,
}) => {
  const i = pickThing((t) => isCreature(t.who.kind));
  if (i === null) return null;
  const expression = random.pick(EXPRESSIONS.filter((e) => e !== (scene.things[i] as Thing).expression));
  const after = withThing(scene, i, (t) => {
    t.expression = expression;
  });
  const n = nameOrPronoun(i),
    word = random.pick(EXPRESSION_WORDS[expression]);
  return makeChange(
    after,
    random.pick([
      `make ${n} ${expression}`,
      `make ${n} look ${word}`,
      `${fullName(i)} should be ${word}`,
      `let ${n} look ${word}`,
      ...(expression === 'happy'
        ? [`let ${n} smile`]
        : expression === 'sad'
          ? [`let ${n} cry`]
          : expression === 'sleepy'
            ? [`let ${n} sleep`]
            : []),
    ]),
    [{ about: 'expression', ...subjectOf(after, i), expression }],
  );
};

export const addAccessory: EditMaker = ({
  random,
  scene,
  pickThing,
  makeChange,
  nameOrPronoun,
  fullName,
  subjectOf,
}) => {
  const i = pickThing((t) => isCreature(t.who.kind) && t.who.accessory === null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const a = drawAccessoryFor(random, t.who.colour);
  const after = withThing(scene, i, (q) => {
    q.who.accessory = a;
  });
  const n = nameOrPronoun(i),
    w = wornPhrase(a, countOf(t));
  return makeChange(
    after,
    random.pick([
      `give ${n} ${w}`,
      `give ${n} ${w}`,
      `put ${w} on ${n}`,
      `${fullName(i)} should wear ${w}`,
      `add ${w} to ${n}`,
      `let ${n} wear ${w}`,
    ]),
    [{ about: 'accessory', ...subjectOf(after, i), accessory: a }],
  );
};

export const removeAccessory: EditMaker = ({ random, scene, pickThing, makeChange, fullName, subjectOf }) => {
  const i = pickThing((t) => t.who.accessory !== null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const after = withThing(scene, i, (q) => {
    q.who.accessory = null;
  });
  const a = wornNoun(t.who.accessory!, countOf(t));
  return makeChange(
    after,
    random.pick([
      `take off the ${a}`,
      `remove the ${a}`,
      `remove the ${a} from ${fullName(i)}`,
      `take the ${a} off ${fullName(i)}`,
      `${fullName(i)} should not wear the ${a}`,
    ]),
    [{ about: 'accessory', ...subjectOf(after, i), accessory: null }],
  );
};

export const swapAccessory: EditMaker = ({ random, scene, pickThing, makeChange, fullName, subjectOf }) => {
  const i = pickThing((t) => t.who.accessory !== null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const a = drawAccessoryFor(random, t.who.colour);
  if (a.kind === t.who.accessory!.kind) return null;
  const after = withThing(scene, i, (q) => {
    q.who.accessory = a;
  });
  const w = wornPhrase(a, countOf(t)),
    old = wornNoun(t.who.accessory!, countOf(t));
  return makeChange(
    after,
    random.pick([
      `replace the ${old} with ${w}`,
      `replace the ${old} of ${fullName(i)} with ${w}`,
      `swap the ${old} for ${w}`,
      `change the ${old} into ${w}`,
    ]),
    [{ about: 'accessory', ...subjectOf(after, i), accessory: a }],
  );
};

export const recolourAccessory: EditMaker = ({
  random,
  scene,
  pickThing,
  makeChange,
  fullName,
  subjectOf,
}) => {
  const i = pickThing((t) => t.who.accessory !== null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const colour = otherColour(random, [t.who.colour, t.who.accessory!.colour]);
  const after = withThing(scene, i, (q) => {
    q.who.accessory = { ...q.who.accessory!, colour };
  });
  const a = wornNoun(t.who.accessory!, countOf(t));
  return makeChange(
    after,
    random.pick([
      `make the ${a} ${colour}`,
      `make the ${a} of ${fullName(i)} ${colour}`,
      `change the colour of the ${a} to ${colour}`,
      `paint the ${a} ${colour}`,
      `turn the ${a} ${colour}`,
    ]),
    [{ about: 'accessory', ...subjectOf(after, i), accessory: { ...t.who.accessory!, colour } }],
  );
};

export const addPattern: EditMaker = ({
  random,
  scene,
  pickThing,
  makeChange,
  nameOrPronoun,
  fullName,
  subjectOf,
}) => {
  const i = pickThing((t) => t.who.pattern === 'plain' && canHavePattern(t.who.kind));
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const pattern = random.pick(['striped', 'spotted'] as const);
  const colour = otherColour(random, [t.who.colour]);
  const after = withThing(scene, i, (q) => {
    q.who.pattern = pattern;
    q.who.patternColour = colour;
  });
  const n = nameOrPronoun(i),
    m = `${colour} ${patternNoun(pattern)}`;
  return makeChange(
    after,
    random.pick([
      `give ${n} ${m}`,
      `add ${m} to ${n}`,
      `${fullName(i)} should have ${m}`,
      `paint ${m} on ${n}`,
    ]),
    [{ about: 'pattern', ...subjectOf(after, i), pattern, patternColour: colour }],
  );
};

export const removePattern: EditMaker = ({ random, scene, pickThing, makeChange, fullName, subjectOf }) => {
  const i = pickThing((t) => t.who.pattern !== 'plain');
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const after = withThing(scene, i, (q) => {
    q.who.pattern = 'plain';
    q.who.patternColour = null;
  });
  const m = patternNoun(t.who.pattern);
  return makeChange(
    after,
    random.pick([
      `remove the ${m}`,
      `remove the ${m} from ${fullName(i)}`,
      `make ${fullName(i)} plain ${t.who.colour}`,
      `${fullName(i)} should have no ${m}`,
    ]),
    [{ about: 'pattern', ...subjectOf(after, i), pattern: 'plain', patternColour: null }],
  );
};

export const recolourPattern: EditMaker = ({ random, scene, pickThing, makeChange, fullName, subjectOf }) => {
  const i = pickThing((t) => t.who.pattern !== 'plain');
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const colour = otherColour(random, [t.who.colour, t.who.patternColour]);
  const after = withThing(scene, i, (q) => {
    q.who.patternColour = colour;
  });
  const m = patternNoun(t.who.pattern);
  return makeChange(
    after,
    random.pick([
      `make the ${m} ${colour}`,
      `make the ${m} of ${fullName(i)} ${colour}`,
      `change the colour of the ${m} to ${colour}`,
      `paint the ${m} ${colour}`,
    ]),
    [{ about: 'pattern', ...subjectOf(after, i), pattern: t.who.pattern, patternColour: colour }],
  );
};
