/** Compares the settings of large models with 50 guided Euler steps: success, pictures and forward passes. */

import { forwardCount } from '../../../src/omnigen2/acceleration/forward-count.ts';
import type { RgbImage } from '../../../src/pictures/image.ts';
import { type DrawSettings, LARGE_MODEL_SETTINGS } from '../../../src/settings/draw-settings.ts';
import type { Case } from '../../../src/storybook/cases/case.ts';
import { heldoutCases } from '../cases.ts';
import { type Figure, share } from '../figures.ts';
import { meanOf, shareOf } from '../statistics.ts';
import { type BenchTask, drawRequest, judgePicture, requestedClaims } from '../task.ts';

/** The defaults of the official program, with full guidance. Source: OmniGen2 inference.py */
const OFFICIAL = {
  steps: 50,
  guidanceRange: [0, 1],
  scheduler: 'euler',
  acceleration: 'none',
} as const satisfies Partial<DrawSettings>;

/** The ways to draw, the one that the others are compared with first. */
const WAYS = {
  '50 Euler steps, all guided': OFFICIAL,
  'settings of large models': LARGE_MODEL_SETTINGS,
  'the same with 16 steps': { ...LARGE_MODEL_SETTINGS, steps: 16 },
  'the same without TaylorSeer': { ...LARGE_MODEL_SETTINGS, acceleration: 'none' },
} as const satisfies Readonly<Record<string, Partial<DrawSettings>>>;
const NAMES = Object.keys(WAYS) as (keyof typeof WAYS)[];
const [BASE, ...OTHERS] = NAMES;

/** One picture of a case. */
interface Drawn {
  readonly checks: readonly boolean[];
  /** Mean distance to the picture of 50 Euler steps, in grey levels; undefined without a picture. */
  readonly distance: number | undefined;
  /** Passes through all layers. */
  readonly passes: number;
}

/** The pictures of a case, by the way that they were drawn. */
export type LargeSettingsOutcome = Readonly<Record<string, Drawn>>;

/** The task for pictures from words, or for edits. */
export function largeSettings(task: 't2i' | 'edit'): BenchTask<LargeSettingsOutcome> {
  return {
    title: `Settings of large models, ${task === 't2i' ? 'from words' : 'edits'}`,
    cases: (seed, n) => heldoutCases(task, seed, n),
    async measure(tools, given, seed) {
      const outcome: Record<string, Drawn> = {};
      const said: string[] = [];
      let base: RgbImage | undefined;
      for (const name of NAMES) {
        const drawing = { ...tools.drawing, ...WAYS[name] };
        const picture = await drawRequest({ ...tools, drawing }, given, seed);
        base ??= picture;
        const { checks, right, total } = await judgePicture(tools, picture, requestedClaims(given));
        const distance = meanDistance(picture, base);
        const passes = forwardCount(drawing, given.refs.length).full;
        outcome[name] = { checks: checks.map(({ yes }) => yes), distance, passes };
        said.push(`${name}: ${right} of ${total}, ${distance.toFixed(2)} grey levels`);
      }
      return { outcome, said };
    },
    failed: (given) => Object.fromEntries(NAMES.map((name) => [name, nothing(given)])),
    figures: (outcomes) => [
      ...NAMES.flatMap((name) => successOf(name, outcomes)),
      ...OTHERS.flatMap((name) => changeOf(name, outcomes)),
    ],
  };
}

function successOf(name: string, outcomes: readonly LargeSettingsOutcome[]): Figure[] {
  const passes = outcomes.map((outcome) => outcome[name].passes).filter((count) => count > 0);
  return [
    share(`checks right, ${name}`, shareOf(outcomes.flatMap((outcome) => outcome[name].checks))),
    share(`all checks right, ${name}`, shareOf(outcomes.map((outcome) => allRight(outcome[name])))),
    { name: `full passes, ${name}`, unit: 'score', value: meanOf(passes) },
  ];
}

function changeOf(name: string, outcomes: readonly LargeSettingsOutcome[]): Figure[] {
  const part = ({ checks }: Drawn) => checks.filter((yes) => yes).length / checks.length;
  const change = outcomes.map((outcome) => part(outcome[name]) - part(outcome[BASE]));
  const distances = outcomes.flatMap((outcome) => outcome[name].distance ?? []);
  return [
    { name: `change of checks, ${name}`, unit: 'points', value: meanOf(change) },
    { name: `distance, ${name}, grey levels`, unit: 'greys', value: meanOf(distances) },
  ];
}

const allRight = ({ checks }: Drawn) => checks.every((yes) => yes);

function nothing(given: Case): Drawn {
  return { checks: requestedClaims(given).map(() => false), distance: undefined, passes: 0 };
}

function meanDistance(a: RgbImage, b: RgbImage): number {
  let total = 0;
  for (let i = 0; i < a.data.length; i++) total += Math.abs(a.data[i] - b.data[i]);
  return total / a.data.length;
}
