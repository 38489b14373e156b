/** Drawings with accelerations on the tiny checkpoint; the official numbers are compared by `verify`. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RgbImage } from '../../pictures/image.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import type { Acceleration } from '../../settings/draw-settings.ts';
import { Transformer } from '../diffusion/transformer.ts';
import { fixtureCheckpoint, settingsFor } from '../fixtures.node.ts';
import { loadTokenizer } from '../language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../model.ts';
import { type DrawHooks, type DrawInput, draw } from '../pipeline.ts';
import type { SkipDecision } from './acceleration.ts';

const watched = watchedRuntime();
let model: OmniGen2Model;

beforeAll(async () => {
  model = new OmniGen2Model(await fixtureCheckpoint(), watched.runtime, loadTokenizer);
});

afterEach(() => {
  watched.beforeRun = () => undefined;
  expect(watched.alive.size).toBe(0);
});

afterAll(() => model.dispose());

const ACCELERATED = ['teacache', 'taylorseer'] as const;

const REFERENCE: RgbImage = {
  width: 48,
  height: 32,
  data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => (i * 7) % 256),
};

/** The last latents of a drawing, its decisions, and the number of runs of a graph. */
async function drawing(changes: Partial<DrawInput>, hooks: DrawHooks = {}) {
  const decisions: SkipDecision[] = [];
  let latents = new Float32Array();
  watched.runs.length = 0;
  const options: DrawInput = {
    ...settingsFor({ width: 48, height: 48 }),
    prompt: 'A dog running in the park',
    references: [],
    steps: 9,
    seed: 5,
    textGuidance: 3,
    imageGuidance: 2,
    ...changes,
  };
  await draw(model, options, {
    ...hooks,
    onDecision: (decision) => decisions.push(decision),
    trace: (name, values) => {
      if (name === 'step_latents') latents = new Float32Array(values);
    },
  });
  const count = (part: string) => watched.runs.filter((name) => name.startsWith(part)).length;
  return { decisions, latents, count };
}

function furthest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

const stepsOf = (decisions: readonly SkipDecision[], branch: string) =>
  decisions.filter((decision) => decision.branch === branch);

describe.each(ACCELERATED)('%s', (acceleration) => {
  test('runs the layers where it decides so, and embeds once per step', async () => {
    const { decisions, count } = await drawing({
      acceleration,
      teaCacheThreshold: 1,
      references: [REFERENCE],
    });
    expect(decisions).toHaveLength(9 * 3);
    const computed = decisions.filter((decision) => decision.computed).length;
    expect(computed).toBeGreaterThan(0);
    expect(computed).toBeLessThan(decisions.length);
    const branches = watched.runs.flatMap((name) => /^transformer\.layers\.0-3\.(\d)$/.exec(name)?.[1] ?? []);
    expect(branches.reduce((sum, number) => sum + Number(number), 0)).toBe(computed);
    expect(count('transformer.embed')).toBe(9);
    expect(count('transformer.reference')).toBe(9);
    expect(count('transformer.head')).toBe(9);
  });

  test.each([1, 2, 3, 4, 5])('draws in %i steps', async (steps) => {
    const { decisions, latents } = await drawing({ acceleration, steps });
    const plain = await drawing({ steps });
    expect(decisions[0].computed).toBe(true);
    // TaylorSeer computes the first five steps, and so few steps change the signal of TeaCache a lot.
    expect(decisions.every(({ computed }) => computed)).toBe(true);
    expect(furthest(latents, plain.latents)).toBeLessThan(1e-4);
  });

  test('decides for a branch that starts late and ends early', async () => {
    const { decisions } = await drawing({
      acceleration,
      guidanceRange: [0.3, 0.6],
      references: [REFERENCE],
      teaCacheThreshold: 0.5,
    });
    expect(stepsOf(decisions, 'cond').map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const branch of ['ref', 'uncond']) {
      const own = stepsOf(decisions, branch);
      expect(own.map(({ step }) => step)).toEqual([3, 4, 5]);
      expect(own[0].computed).toBe(true);
    }
  });

  test('leaves no state once it is switched off', async () => {
    const before = await drawing({ acceleration: 'none' });
    await drawing({ acceleration, teaCacheThreshold: 1 });
    const after = await drawing({ acceleration: 'none' });
    expect(after.latents).toEqual(before.latents);
    expect(after.decisions).toEqual([]);
  });

  test('frees its tensors when cancelled, and draws the next picture as before', async () => {
    const options = { acceleration, teaCacheThreshold: 0.5 };
    const whole = await drawing(options);
    const controller = new AbortController();
    let heads = 0;
    watched.beforeRun = (graph) => {
      if (graph.startsWith('transformer.head') && ++heads === 6) controller.abort();
    };
    await expect(drawing(options, { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(heads).toBe(6);
    expect(watched.alive.size).toBe(0);
    const again = await drawing(options);
    expect(again.latents).toEqual(whole.latents);
    expect(again.decisions).toEqual(whole.decisions);
  });

  test.each(['transformer.embed', 'transformer.head', 'transformer.reference', 'stream.'])(
    'frees its tensors when the engine fails in %s',
    async (part) => {
      let runs = 0;
      watched.beforeRun = (graph) => {
        if (graph.startsWith(part) && ++runs === 4) throw new Error('the device is gone');
      };
      const failing = drawing({ acceleration, teaCacheThreshold: 0.5, references: [REFERENCE] });
      await expect(failing).rejects.toThrow('the device is gone');
    },
  );
});

/** Names of the open sessions with main layers. */
const holdingLayers = () =>
  [...watched.sessions].flatMap(({ name }) => (/^transformer\.layers\./.test(name) ? [name] : []));

test('at most three copies of the layers are open, for any drawing', async () => {
  const ranged = { references: [REFERENCE], guidanceRange: [0.3, 0.6], teaCacheThreshold: 1 } as const;
  for (const acceleration of ['none', ...ACCELERATED] as const) {
    for (const changes of [{}, { references: [REFERENCE], teaCacheThreshold: 1 }, ranged]) {
      await drawing({ acceleration, ...changes });
      expect(holdingLayers().length).toBeLessThanOrEqual(3);
    }
  }
});

test.each(['none', ...ACCELERATED] as const)(
  '%s opens no session for a second drawing',
  async (acceleration) => {
    const changes: Partial<DrawInput> = { acceleration, references: [REFERENCE], teaCacheThreshold: 1 };
    for (const guidanceRange of [
      [0, 1],
      [0.3, 0.6],
    ] as const) {
      const { count } = await drawing({ ...changes, guidanceRange });
      expect(count('transformer.')).toBeGreaterThan(0);
      watched.opened.length = 0;
      await drawing({ ...changes, guidanceRange });
      expect(watched.opened).toEqual([]);
    }
  },
);

test('without acceleration there are no decisions and no tensors left on the device', async () => {
  const { decisions, count } = await drawing({ references: [REFERENCE, REFERENCE] });
  expect(decisions).toEqual([]);
  expect(count('transformer.layers.0-3.3')).toBe(9);
  expect(count('transformer.reference')).toBe(18);
});

test('unneeded branches do not run', async () => {
  const { count } = await drawing({ references: [REFERENCE], guidanceRange: [0.3, 0.6] });
  expect(count('transformer.layers.0-3.1')).toBe(6);
  expect(count('transformer.layers.0-3.3')).toBe(3);
  expect((await drawing({ textGuidance: 1 })).count('transformer.layers.0-3.1')).toBe(9);
});

test.each([-0.1, 11, Number.NaN])(
  'the threshold %d is rejected with a sentence',
  async (teaCacheThreshold) => {
    await expect(
      drawing({ acceleration: 'teacache' satisfies Acceleration, teaCacheThreshold }),
    ).rejects.toThrow(/^The TeaCache threshold .* is not a number from 0 to 10\.$/);
  },
);

test('a step of a large model can be aborted between two graphs', async () => {
  const options = { packsBranches: false, sessionBytes: 1 } as const;
  const source = model.source('transformer');
  const transformer = await Transformer.open(watched.runtime, source, options);
  try {
    const latents = { channels: 16, height: 4, width: 4, data: new Float32Array(256).fill(0.5) };
    const context = await transformer.context(new Float32Array(3 * transformer.config.textFeatDim).fill(0.5));
    const branch = { context, references: [latents] };
    const controller = new AbortController();
    watched.runs.length = 0;
    watched.beforeRun = (graph) => graph === 'transformer.layers.1-2.1' && controller.abort();
    const step = { latents, timestep: 0, branches: [branch, branch] };
    await expect(transformer.predictStep(step, controller.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(watched.runs.at(-1)).toBe('transformer.layers.1-2.1');
  } finally {
    await transformer.dispose();
  }
});
