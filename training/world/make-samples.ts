/**
 * Draws the reference pictures that the page offers: npx tsx training/world/make-samples.ts [--out
 * public/samples]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encode } from 'fast-png';
import { inColumns } from '../../src/storybook/columns.ts';
import { drawBuild } from '../../src/storybook/compose.ts';
import { render } from '../../src/storybook/drawing/render.ts';
import { BACKGROUND_SEEDS, SteadyRandom } from '../../src/storybook/random.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { sceneWith } from './scene-with.ts';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'public/samples' } } });
const SIZE = 128;

/** The first scene with the things of the second one added. */
const together = (first: Scene, second: Scene): Scene => ({
  ...first,
  things: [...first.things, ...second.things],
});

/** The scene with positions and builds of the default mix, which the model has learned. */
function inDefaultMix(scene: Scene): Scene {
  const build = drawBuild(new SteadyRandom(1));
  const things = inColumns(
    scene.things.map((thing) => ({ ...thing, who: { ...thing.who, build }, count: 1 })),
  );
  if (!things) throw new Error('The things of a sample do not fit on the page.');
  return { ...scene, seed: scene.seed % BACKGROUND_SEEDS, things };
}

const SAMPLES: Readonly<Record<string, Scene>> = {
  'blue-cat': sceneWith({ kind: 'cat', colour: 'blue' }),
  'bunny-in-forest': sceneWith({
    kind: 'bunny',
    colour: 'pink',
    background: 'forest',
    accessory: { kind: 'scarf', colour: 'yellow' },
  }),
  'house-in-snow': sceneWith({ kind: 'house', colour: 'red', background: 'snow' }),
  'frog-on-beach': sceneWith({
    kind: 'frog',
    colour: 'green',
    background: 'beach',
    accessory: { kind: 'crown', colour: 'yellow' },
  }),
  sailboat: sceneWith({ kind: 'boat', colour: 'blue', background: 'beach' }),
  'fox-at-night': sceneWith({ kind: 'fox', colour: 'orange', background: 'city', time: 'night' }),
  'spotted-mushroom': sceneWith({
    kind: 'mushroom',
    colour: 'red',
    pattern: 'spotted',
    patternColour: 'white',
    background: 'mountain',
  }),
  'bear-and-balloon': together(
    sceneWith({ kind: 'bear', colour: 'brown', expression: 'surprised' }),
    sceneWith({ kind: 'balloon', colour: 'purple' }),
  ),
};

mkdirSync(values.out, { recursive: true });
for (const [name, scene] of Object.entries(SAMPLES))
  writeFileSync(
    join(values.out, `${name}.png`),
    encode({ width: SIZE, height: SIZE, data: render(inDefaultMix(scene), SIZE).rgb, channels: 3 }),
  );
