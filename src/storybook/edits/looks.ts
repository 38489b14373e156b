/** Edits of how a thing looks: colour, expression, what it wears, its pattern. */

import { canHavePattern, drawAccessoryFor, otherColour } from '../compose.ts';
import { EXPRESSION_WORDS } from '../language/words.ts';
import { countOf, EXPRESSIONS, isCreature, type Thing } from '../scene.ts';
import { type EditOf, edited } from './edit.ts';
import { goneFrom, marks, worn, wornNoun } from './words.ts';

export const recolour: EditOf = ({ random, scene, fits, done, those, name }) => {
  const i = fits(() => true)!;
  const t = scene.things[i] as Thing;
  const colour = otherColour(random, [t.who.colour, t.who.patternColour, t.who.accessory?.colour]);
  const after = edited(scene, i, (x) => {
    x.who.colour = colour;
  });
  const n = name(i);
  return done(
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
    // Beside another of its kind it is called by its colour, so that being there says it all.
    those(after, i).who.colour === null
      ? [{ about: 'colour', ...those(after, i), colour }]
      : [{ about: 'count', ...those(after, i) }, ...goneFrom(after, scene, t)],
  );
};

export const changeExpression: EditOf = ({ random, scene, fits, done, name, full, those }) => {
  const i = fits((t) => isCreature(t.who.kind));
  if (i === null) return null;
  const expression = random.pick(EXPRESSIONS.filter((e) => e !== (scene.things[i] as Thing).expression));
  const after = edited(scene, i, (t) => {
    t.expression = expression;
  });
  const n = name(i),
    word = random.pick(EXPRESSION_WORDS[expression]);
  return done(
    after,
    random.pick([
      `make ${n} ${expression}`,
      `make ${n} look ${word}`,
      `${full(i)} should be ${word}`,
      `let ${n} look ${word}`,
      ...(expression === 'happy'
        ? [`let ${n} smile`]
        : expression === 'sad'
          ? [`let ${n} cry`]
          : expression === 'sleepy'
            ? [`let ${n} sleep`]
            : []),
    ]),
    [{ about: 'expression', ...those(after, i), expression }],
  );
};

export const putOn: EditOf = ({ random, scene, fits, done, name, full, those }) => {
  const i = fits((t) => isCreature(t.who.kind) && t.who.accessory === null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const a = drawAccessoryFor(random, t.who.colour);
  const after = edited(scene, i, (q) => {
    q.who.accessory = a;
  });
  const n = name(i),
    w = worn(a, countOf(t));
  return done(
    after,
    random.pick([
      `give ${n} ${w}`,
      `give ${n} ${w}`,
      `put ${w} on ${n}`,
      `${full(i)} should wear ${w}`,
      `add ${w} to ${n}`,
      `let ${n} wear ${w}`,
    ]),
    [{ about: 'accessory', ...those(after, i), accessory: a }],
  );
};

export const takeOff: EditOf = ({ random, scene, fits, done, full, those }) => {
  const i = fits((t) => t.who.accessory !== null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const after = edited(scene, i, (q) => {
    q.who.accessory = null;
  });
  const a = wornNoun(t.who.accessory!, countOf(t));
  return done(
    after,
    random.pick([
      `take off the ${a}`,
      `remove the ${a}`,
      `remove the ${a} from ${full(i)}`,
      `take the ${a} off ${full(i)}`,
      `${full(i)} should not wear the ${a}`,
    ]),
    [{ about: 'accessory', ...those(after, i), accessory: null }],
  );
};

export const swapAccessory: EditOf = ({ random, scene, fits, done, full, those }) => {
  const i = fits((t) => t.who.accessory !== null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const a = drawAccessoryFor(random, t.who.colour);
  if (a.kind === t.who.accessory!.kind) return null;
  const after = edited(scene, i, (q) => {
    q.who.accessory = a;
  });
  const w = worn(a, countOf(t)),
    old = wornNoun(t.who.accessory!, countOf(t));
  return done(
    after,
    random.pick([
      `replace the ${old} with ${w}`,
      `replace the ${old} of ${full(i)} with ${w}`,
      `swap the ${old} for ${w}`,
      `change the ${old} into ${w}`,
    ]),
    [{ about: 'accessory', ...those(after, i), accessory: a }],
  );
};

export const recolourAccessory: EditOf = ({ random, scene, fits, done, full, those }) => {
  const i = fits((t) => t.who.accessory !== null);
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const colour = otherColour(random, [t.who.colour, t.who.accessory!.colour]);
  const after = edited(scene, i, (q) => {
    q.who.accessory = { ...q.who.accessory!, colour };
  });
  const a = wornNoun(t.who.accessory!, countOf(t));
  return done(
    after,
    random.pick([
      `make the ${a} ${colour}`,
      `make the ${a} of ${full(i)} ${colour}`,
      `change the colour of the ${a} to ${colour}`,
      `paint the ${a} ${colour}`,
      `turn the ${a} ${colour}`,
    ]),
    [{ about: 'accessory', ...those(after, i), accessory: { ...t.who.accessory!, colour } }],
  );
};

export const addPattern: EditOf = ({ random, scene, fits, done, name, full, those }) => {
  const i = fits((t) => t.who.pattern === 'plain' && canHavePattern(t.who.kind));
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const pattern = random.pick(['striped', 'spotted'] as const);
  const colour = otherColour(random, [t.who.colour]);
  const after = edited(scene, i, (q) => {
    q.who.pattern = pattern;
    q.who.patternColour = colour;
  });
  const n = name(i),
    m = `${colour} ${marks(pattern)}`;
  return done(
    after,
    random.pick([`give ${n} ${m}`, `add ${m} to ${n}`, `${full(i)} should have ${m}`, `paint ${m} on ${n}`]),
    [{ about: 'pattern', ...those(after, i), pattern, patternColour: colour }],
  );
};

export const removePattern: EditOf = ({ random, scene, fits, done, full, those }) => {
  const i = fits((t) => t.who.pattern !== 'plain');
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const after = edited(scene, i, (q) => {
    q.who.pattern = 'plain';
    q.who.patternColour = null;
  });
  const m = marks(t.who.pattern);
  return done(
    after,
    random.pick([
      `remove the ${m}`,
      `remove the ${m} from ${full(i)}`,
      `make ${full(i)} plain ${t.who.colour}`,
      `${full(i)} should have no ${m}`,
    ]),
    [{ about: 'pattern', ...those(after, i), pattern: 'plain', patternColour: null }],
  );
};

export const recolourPattern: EditOf = ({ random, scene, fits, done, full, those }) => {
  const i = fits((t) => t.who.pattern !== 'plain');
  if (i === null) return null;
  const t = scene.things[i] as Thing;
  const colour = otherColour(random, [t.who.colour, t.who.patternColour]);
  const after = edited(scene, i, (q) => {
    q.who.patternColour = colour;
  });
  const m = marks(t.who.pattern);
  return done(
    after,
    random.pick([
      `make the ${m} ${colour}`,
      `make the ${m} of ${full(i)} ${colour}`,
      `change the colour of the ${m} to ${colour}`,
      `paint the ${m} ${colour}`,
    ]),
    [{ about: 'pattern', ...those(after, i), pattern: t.who.pattern, patternColour: colour }],
  );
};
