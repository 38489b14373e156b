/** Drawings with TeaCache: the decision of every step, and the result. And its polynomial alone. */

import { z } from 'zod';
import type { SkipDecision } from '../../../src/omnigen2/acceleration/acceleration.ts';
import { rescaledChange, type TeaCacheDecision } from '../../../src/omnigen2/acceleration/teacache.ts';
import { draw } from '../../../src/omnigen2/pipeline.ts';
import { compareExact, compareTensor } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, Tolerance, VerifyContext } from '../types.ts';
import { compareDrawings } from './pipeline.ts';

const polynomialSchema = z.object({ x: z.array(z.number()) });
const polynomialExpectedSchema = z.object({ y: z.array(z.number()) });
const paramsSchema = z.object({ teacache_rel_l1_thresh: z.number() });
const expectedSchema = z.object({
  decisions: z.array(
    z.object({
      step: z.int(),
      branch: z.string(),
      computed: z.boolean(),
      rel_l1: z.number().nullable(),
      increment: z.number().nullable(),
      accumulated: z.number(),
    }),
  ),
});

export const run: KindRunner = async (golden, context) => {
  const polynomial = polynomialSchema.safeParse(golden.params);
  return polynomial.success
    ? [comparePolynomial(golden, polynomial.data.x)]
    : compareDrawing(golden, context);
};

function comparePolynomial(golden: GoldenCase, x: readonly number[]): Comparison {
  const { y } = polynomialExpectedSchema.parse(golden.expected);
  return compareNumbers('y', x.map(rescaledChange), y, golden.tolerance);
}

/** Decisions must be equal. The numbers that they depend on may differ within the tolerance. */
async function compareDrawing(golden: GoldenCase, context: VerifyContext): Promise<Comparison[]> {
  const { teacache_rel_l1_thresh: teaCacheThreshold } = paramsSchema.parse(golden.params);
  const want = expectedSchema.parse(golden.expected).decisions;
  const got: TeaCacheDecision[] = [];
  const onDecision = (decision: SkipDecision) => {
    if (decision.acceleration === 'teacache') got.push(decision);
  };
  const comparisons = await compareDrawings(golden, context, (model, options, hooks) =>
    draw(model, { ...options, acceleration: 'teacache', teaCacheThreshold }, { ...hooks, onDecision }),
  );
  const decided = ({ step, branch, computed }: { step: number; branch: string; computed: boolean }) => ({
    step,
    branch,
    computed,
  });
  const numbers = (
    name: string,
    gotNumbers: readonly (number | null)[],
    wantNumbers: readonly (number | null)[],
  ) => compareNumbers(name, gotNumbers, wantNumbers, golden.tolerance);
  return [
    ...comparisons,
    compareExact('decisions', got.map(decided), want.map(decided)),
    numbers(
      'rel_l1',
      got.map(({ relL1 }) => relL1),
      want.map((row) => row.rel_l1),
    ),
    numbers(
      'increment',
      got.map(({ increment }) => increment),
      want.map(({ increment }) => increment),
    ),
    numbers(
      'accumulated',
      got.map(({ accumulated }) => accumulated),
      want.map(({ accumulated }) => accumulated),
    ),
  ];
}

/** Compares lists of numbers, with null at the same indexes. */
function compareNumbers(
  name: string,
  got: readonly (number | null)[],
  want: readonly (number | null)[],
  tolerance: Tolerance,
): Comparison {
  const absent = (values: readonly (number | null)[]) => values.map((value) => value === null);
  const same = compareExact(name, absent(got), absent(want));
  if (!same.ok) return same;
  const data = Float32Array.from(want, (value) => value ?? 0);
  const tensor = { dtype: 'F32', shape: [want.length], data } as const;
  return compareTensor(
    name,
    got.map((value) => value ?? 0),
    tensor,
    tolerance,
  );
}
