import { afterAll, describe, expect, it } from 'vitest';
import { requestOf } from '../../../cli/verify/kinds/dit.ts';
import { VerifySession } from '../../../cli/verify/session.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { GuidanceBranch } from '../diffusion/guidance.ts';
import { Transformer, type TransformerOptions } from '../diffusion/transformer.ts';
import { fixtureCase } from '../fixtures.node.ts';
import { rescaledChange, TeaCache, type TeaCacheDecision } from './teacache.ts';

const FOLDER = 'fixtures/goldens';
const session = new VerifySession(FOLDER, `${FOLDER}/model`, () => nodeRuntime({ threads: 1 }));
afterAll(() => session.dispose());

describe('rescaledChange', () => {
  it('is negative for small changes', () => {
    expect(rescaledChange(0)).toBe(-0.03316487);
    expect(rescaledChange(0.0134)).toBeLessThan(0);
    expect(rescaledChange(0.014)).toBeGreaterThan(0);
    expect(rescaledChange(0.5)).toBeCloseTo(1.1802746, 6);
  });
});

async function openModel() {
  const model = await session.model();
  return { runtime: model.runtime, source: model.source('transformer') };
}

/** Twelve steps with a fixed noisy picture, in which only the time moves: what `threshold` makes of them. */
async function decisions(
  threshold: number,
  branchesAt: (step: number) => readonly GuidanceBranch[],
  options: TransformerOptions = {},
): Promise<TeaCacheDecision[]> {
  const { runtime, source } = await openModel();
  const transformer = await Transformer.open(runtime, source, options);
  const request = await requestOf(await fixtureCase('dit_2ref_t0'), 0, transformer);
  const negative = await transformer.context(new Float32Array(3 * transformer.config.textFeatDim).fill(0.5));
  const conditions = {
    cond: request,
    ref: { ...request, context: negative },
    uncond: { context: negative, references: [] },
  };
  const seen: TeaCacheDecision[] = [];
  const cache = new TeaCache(transformer, threshold, (decision) => seen.push(decision));
  try {
    for (let step = 0; step < 12; step++) {
      const branches = branchesAt(step).map((name) => ({ ...conditions[name], name }));
      const { latents } = request;
      await cache.predict({ latents, timestep: (step / 12) ** 2, branches, step, steps: 12 });
    }
  } finally {
    cache.dispose();
    await transformer.dispose();
  }
  return seen;
}

describe('TeaCache', () => {
  it('sums changes up to the threshold, and always computes the first and last step', async () => {
    const seen = await decisions(0.5, () => ['cond']);
    expect(seen.some(({ computed }) => !computed)).toBe(true);
    let sum = 0;
    for (const { step, computed, relL1, increment, accumulated } of seen) {
      if (step === 0 || step === 11) {
        expect({ computed, relL1, increment, accumulated }).toEqual({
          computed: true,
          relL1: null,
          increment: null,
          accumulated: 0,
        });
        sum = 0;
        continue;
      }
      expect(increment).toBe(rescaledChange(relL1 ?? Number.NaN));
      sum += increment ?? Number.NaN;
      expect(computed).toBe(sum >= 0.5);
      sum = computed ? 0 : sum;
      expect(accumulated).toBe(sum);
    }
  });

  it('computes every changed step at threshold 0, and only the first and last at a high one', async () => {
    expect((await decisions(0, () => ['cond'])).filter(({ increment }) => (increment ?? 0) > 0)).toSatisfy(
      (grown: TeaCacheDecision[]) => grown.length > 0 && grown.every(({ computed }) => computed),
    );
    const lazy = await decisions(100, () => ['cond']);
    expect(lazy.filter(({ computed }) => computed).map(({ step }) => step)).toEqual([0, 11]);
  });

  it('decides for each branch on its own', async () => {
    const all = await decisions(0.5, () => ['cond', 'ref', 'uncond']);
    for (const branch of ['cond', 'ref', 'uncond'] as const) {
      const alone = await decisions(0.5, () => [branch]);
      const own = all.filter((decision) => decision.branch === branch);
      expect(own.map(({ computed }) => computed)).toEqual(alone.map(({ computed }) => computed));
      // The noise rows are refined at the positions of the step's first branch: equal up to rounding.
      for (const [i, { relL1 }] of own.entries()) expect(relL1 ?? 0).toBeCloseTo(alone[i].relL1 ?? 0, 6);
    }
    const changes = (branch: string) =>
      all.filter((decision) => decision.branch === branch).map(({ relL1 }) => relL1);
    expect(changes('cond')).not.toEqual(changes('uncond'));
  });

  it('decides the same with one session per layer', async () => {
    const branches = () => ['cond', 'ref', 'uncond'] as const;
    const whole = await decisions(0.5, branches);
    const inParts = await decisions(0.5, branches, { packsBranches: false, sessionBytes: 1 });
    expect(inParts).toEqual(whole);
  });

  it('computes the first step of a branch that joins later', async () => {
    const seen = await decisions(100, (step) => (step < 5 ? ['cond'] : ['cond', 'uncond']));
    const late = seen.filter(({ branch }) => branch === 'uncond');
    expect(late[0]).toMatchObject({ step: 5, computed: true, relL1: null });
    expect(late.slice(1, -1).every(({ computed }) => !computed)).toBe(true);
  });
});
