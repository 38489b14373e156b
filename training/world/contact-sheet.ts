/**
 * Draws contact sheets of everything in the world: npx tsx training/world/contact-sheet.ts [--out
 * .cache/contact-sheets] [--size 104] [--only NAME]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import type { Task } from '../../src/storybook/cases/case.ts';
import { render } from '../../src/storybook/drawing/render.ts';
import { hashText, mix, Random } from '../../src/storybook/random.ts';
import {
  ACCESSORIES,
  BACKGROUNDS,
  COLOURS,
  type Colour,
  CREATURES,
  EXPRESSIONS,
  type Kind,
  OBJECTS,
  type Scene,
  STYLES,
  type Time,
  type Weather,
} from '../../src/storybook/scene.ts';
import { drawCase } from '../../src/storybook/tasks.ts';
import { sceneWith } from './scene-with.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: '.cache/contact-sheets' },
    size: { type: 'string', default: '104' },
    only: { type: 'string' },
  },
});
const size = Number(values.size);
const GAP = 3;

function sheet(
  name: string,
  columns: number,
  scenes: readonly (Scene | null)[],
  notes: readonly string[] = [],
): void {
  if (values.only && values.only !== name) return;
  const rows = Math.ceil(scenes.length / columns);
  const w = columns * (size + GAP) + GAP,
    h = rows * (size + GAP) + GAP;
  const rgb = new Uint8Array(w * h * 3).fill(255);
  scenes.forEach((scene, i) => {
    if (!scene) return;
    const picture = render(scene, size);
    const x = GAP + (i % columns) * (size + GAP),
      y = GAP + Math.floor(i / columns) * (size + GAP);
    for (let row = 0; row < size; row++)
      rgb.set(picture.rgb.subarray(row * size * 3, (row + 1) * size * 3), ((y + row) * w + x) * 3);
  });
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, `${name}.png`), encode({ width: w, height: h, data: rgb, channels: 3 }));
  if (notes.length > 0) writeFileSync(join(values.out, `${name}.txt`), `${notes.join('\n')}\n`);
}

const NATURAL: Readonly<Record<Kind, Colour>> = {
  cat: 'orange',
  bunny: 'pink',
  bear: 'brown',
  fox: 'orange',
  alien: 'green',
  bird: 'blue',
  frog: 'green',
  mouse: 'gray',
  house: 'red',
  boat: 'red',
  ball: 'orange',
  star: 'yellow',
  mushroom: 'red',
  flower: 'pink',
  tree: 'green',
  cup: 'blue',
  heart: 'red',
  car: 'yellow',
  balloon: 'purple',
  cake: 'pink',
  umbrella: 'purple',
  book: 'brown',
  kite: 'orange',
  lamp: 'yellow',
  gift: 'blue',
  apple: 'green',
};
const at = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

// 1: every kind, then every kind with a pattern.
const kinds: Kind[] = [...CREATURES, ...OBJECTS];
sheet(
  'kinds',
  9,
  [
    ...kinds.map((kind, i) => sceneWith({ kind, colour: NATURAL[kind], background: at(BACKGROUNDS, i) })),
    ...kinds.map((kind, i) =>
      sceneWith({
        kind,
        colour: at(COLOURS, i * 3 + 1),
        pattern: i % 2 === 0 ? 'striped' : 'spotted',
        patternColour: at(COLOURS, i * 3 + 6),
        background: 'blank',
      }),
    ),
  ].slice(0, 54),
);

// 2: creatures across and expressions down, then accessories down.
sheet('faces', 8, [
  ...EXPRESSIONS.flatMap((expression, r) =>
    CREATURES.map((kind, i) =>
      sceneWith({ kind, colour: at(COLOURS, i + r * 2), expression, background: 'blank', scale: 1.5 }),
    ),
  ),
  ...ACCESSORIES.flatMap((kind, r) =>
    CREATURES.map((creature, i) =>
      sceneWith({
        kind: creature,
        colour: at(COLOURS, i + r + 3),
        accessory: { kind, colour: at(COLOURS, i + r + 7) },
        background: 'blank',
        scale: 1.5,
      }),
    ),
  ),
]);

// 3: backgrounds across, times and weathers down.
const lights: [Time, Weather][] = [
  ['day', 'none'],
  ['sunset', 'none'],
  ['night', 'none'],
  ['day', 'snow'],
  ['day', 'rain'],
];
sheet(
  'places',
  9,
  lights.flatMap(([time, weather], r) =>
    BACKGROUNDS.map((background, i) => {
      const fixed = background === 'sea';
      return sceneWith({
        kind: at(CREATURES, i + r),
        colour: at(COLOURS, i * 2 + r),
        background,
        time: fixed ? 'day' : time,
        weather: fixed || background === 'room' ? 'none' : weather,
        scale: 1,
        x: at([40, 64, 90], i),
      });
    }),
  ),
);

// 4: scenes across, styles down.
const styled: Scene[] = [];
for (let i = 0; i < 8; i++) styled.push(drawCase('t2i', new Random(mix(5, i)), 'train').scene);
sheet(
  'styles',
  8,
  STYLES.flatMap((style) => styled.map((scene) => ({ ...scene, style }))),
);

// 5 and 6: cases, with their words in a text file.
function cases(name: string, columns: number, wanted: readonly [Task, number][], seed: number): void {
  const scenes: (Scene | null)[] = [];
  const notes: string[] = [];
  let line = 0;
  for (const [task, n] of wanted) {
    for (let i = 0; i < n; i++) {
      const c = drawCase(task, new Random(mix(seed, hashText(`${task}${i}`))), 'train');
      const own = [...c.refs, ...(c.target ? [c.target] : [])];
      while (scenes.length % columns !== 0 && (scenes.length % columns) + own.length > columns)
        scenes.push(null);
      const from = scenes.length;
      scenes.push(...own);
      line++;
      notes.push(
        `${line}. row ${Math.floor(from / columns) + 1}, picture ${(from % columns) + 1}${own.length > 1 ? `-${(from % columns) + own.length}` : ''} (${task}, ${c.kind})`,
      );
      if (c.instruction) notes.push(`   instruction: ${c.instruction}`);
      if (c.question) notes.push(`   question: ${c.question}`);
      if (c.answer) notes.push(`   answer: ${c.answer}`);
    }
  }
  sheet(name, columns, scenes, notes);
}
cases(
  'pictures',
  9,
  [
    ['t2i', 18],
    ['edit', 16],
    ['incontext', 8],
  ],
  11,
);
cases(
  'words',
  8,
  [
    ['understand', 8],
    ['reflect', 8],
    ['critique_fix', 12],
  ],
  12,
);
