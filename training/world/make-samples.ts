/** The reference pictures that the page offers: npx tsx training/world/make-samples.ts [--out public/samples] */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { render } from '../../src/storybook/render.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { one } from './one.ts';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'public/samples' } } });
const SIZE = 128;
const scale = 1.1;

/** The things of the second scene join the first one's page. */
const together = (first: Scene, second: Scene): Scene => ({
  ...first,
  things: [...first.things, ...second.things],
});

const SAMPLES: Readonly<Record<string, Scene>> = {
  'blue-cat': one({ kind: 'cat', colour: 'blue', scale }),
  'bunny-in-forest': one({
    kind: 'bunny',
    colour: 'pink',
    background: 'forest',
    accessory: { kind: 'scarf', colour: 'yellow' },
    scale,
  }),
  'house-in-snow': one({ kind: 'house', colour: 'red', background: 'snow', scale }),
  'frog-on-beach': one({
    kind: 'frog',
    colour: 'green',
    background: 'beach',
    accessory: { kind: 'crown', colour: 'yellow' },
    scale,
  }),
  sailboat: one({ kind: 'boat', colour: 'blue', background: 'beach', scale }),
  'fox-at-night': one({ kind: 'fox', colour: 'orange', background: 'city', time: 'night', scale }),
  'spotted-mushroom': one({
    kind: 'mushroom',
    colour: 'red',
    pattern: 'spotted',
    patternColour: 'white',
    background: 'mountain',
    scale,
  }),
  'bear-and-balloon': together(
    one({ kind: 'bear', colour: 'brown', expression: 'surprised', x: 42, scale }),
    one({ kind: 'balloon', colour: 'purple', x: 92, scale }),
  ),
};

mkdirSync(values.out, { recursive: true });
for (const [name, scene] of Object.entries(SAMPLES))
  writeFileSync(
    join(values.out, `${name}.png`),
    encode({ width: SIZE, height: SIZE, data: render(scene, SIZE).rgb, channels: 3 }),
  );
