/** Makes scenes by hand: one thing, with defaults for everything that is not given. */
import { GROUND_Y, standY } from '../../src/storybook/measures.ts';
import { hashText } from '../../src/storybook/random.ts';
import {
  type Accessory,
  type Background,
  type Colour,
  type Expression,
  type Identity,
  isCreature,
  type Kind,
  type Pattern,
  type Scene,
  type Style,
  type Time,
  type Weather,
} from '../../src/storybook/scene.ts';

/** The values that differ from a plain, happy thing in a meadow by day. `x` is in page units (0..128). */
export interface SceneValues {
  kind: Kind;
  colour: Colour;
  pattern?: Pattern;
  patternColour?: Colour;
  accessory?: Accessory;
  expression?: Expression;
  background?: Background;
  time?: Time;
  weather?: Weather;
  style?: Style;
  scale?: number;
  x?: number;
}

/**
 * A scene with one thing of average build.
 *
 * @example
 * const accessory = { kind: 'hat', colour: 'blue' };
 * sceneWith({ kind: 'cat', colour: 'orange', accessory, background: 'forest' });
 */
export function sceneWith(o: SceneValues): Scene {
  const who: Identity = {
    kind: o.kind,
    colour: o.colour,
    pattern: o.pattern ?? 'plain',
    patternColour: o.patternColour ?? null,
    accessory: o.accessory ?? null,
    build: { width: 1, height: 1, feature: 1, eye: 1, gap: 1, belly: true },
  };
  const scale = o.scale ?? 1.3;
  return {
    style: o.style ?? 'storybook',
    background: o.background ?? 'meadow',
    time: o.time ?? 'day',
    weather: o.weather ?? 'none',
    seed: hashText(`${o.kind}${o.background ?? ''}`) % 1000,
    things: [
      {
        who,
        expression: isCreature(o.kind) ? (o.expression ?? 'happy') : null,
        size: 'medium',
        stands: [{ x: o.x ?? 64, y: standY(who, GROUND_Y + 3, scale), scale }],
      },
    ],
  };
}
