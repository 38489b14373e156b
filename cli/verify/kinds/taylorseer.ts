/** Drawings with TaylorSeer: which steps it computes, and what comes out; and its expansion alone. */

import { z } from 'zod';
import type { SkipDecision } from '../../../src/omnigen2/acceleration/acceleration.ts';
import { TaylorSchedule, taylorWeights } from '../../../src/omnigen2/acceleration/taylorseer.ts';
import { float32Data, float32Tensor } from '../../../src/omnigen2/float32.ts';
import { taylorFactorsGraph, taylorSumGraph } from '../../../src/omnigen2/graphs/stream-arithmetic.ts';
import { draw } from '../../../src/omnigen2/pipeline.ts';
import type { BuiltGraph } from '../../../src/onnx/graph.ts';
import type { Runtime } from '../../../src/runtime/types.ts';
import { compareExact, compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, VerifyContext } from '../types.ts';
import { compareDrawings } from './pipeline.ts';

export const run: KindRunner = (golden, context) =>
  golden.inputs.includes('features') ? compareExpansion(golden, context) : compareDrawing(golden, context);

async function compareDrawing(golden: GoldenCase, context: VerifyContext): Promise<Comparison[]> {
  const decisions: unknown[] = [];
  const onDecision = (decision: SkipDecision) => {
    if (decision.acceleration !== 'taylorseer') return;
    const { step, branch, computed, orders, lastFullStep } = decision;
    decisions.push({ step, branch, type: typeOf(computed), orders, last_full_step: lastFullStep });
  };
  const comparisons = await compareDrawings(golden, context, (model, options, hooks) =>
    draw(model, { ...options, acceleration: 'taylorseer' }, { ...hooks, onDecision }),
  );
  return [...comparisons, compareExact('decisions', decisions, golden.expected.decisions)];
}

/** How the official code calls a step. */
function typeOf(computed: boolean): string {
  return computed ? 'full' : 'Taylor';
}

const rowsSchema = z.array(z.object({ counter: z.int() }));

/** The schedule, and the graphs of the expansion on values that no transformer computed. */
async function compareExpansion(golden: GoldenCase, context: VerifyContext): Promise<Comparison[]> {
  const { runtime } = await context.model();
  const [steps, width] = tensorOf(golden, 'features').shape;
  const counters = rowsSchema.parse(golden.expected.decisions);
  const features = floatsOf(golden, 'features');
  const schedule = new TaylorSchedule();
  let factors: Float32Array[] = [];
  const decisions: unknown[] = [];
  const values: number[] = [];
  for (let step = 0; step < steps; step++) {
    const moment = schedule.advance();
    const { computed, orders } = moment;
    let value: Float32Array = features.slice(step * width, (step + 1) * width);
    if (moment.computed) factors = await renewed(runtime, value, factors.slice(0, orders - 1), moment.gap);
    else value = await expanded(runtime, factors, taylorWeights(orders, moment.ahead));
    values.push(...value);
    // The counter is how the official code reaches its decision, and nothing else.
    const { counter } = counters[step];
    const x = moment.computed ? 0 : moment.ahead;
    decisions.push({ step, type: typeOf(computed), counter, orders, x });
  }
  return [
    compareExact('decisions', decisions, golden.expected.decisions),
    compareTensor('values', values, tensorOf(golden, 'values'), golden.tolerance),
  ];
}

async function renewed(
  runtime: Runtime,
  value: Float32Array,
  before: readonly Float32Array[],
  gap: number,
): Promise<Float32Array[]> {
  if (before.length === 0) return [value];
  const outputs = await runOnce(runtime, taylorFactorsGraph(value.length, before.length), {
    factor_0: value,
    ...Object.fromEntries(before.map((factor, i) => [`previous_${i}`, factor])),
    gap: Float32Array.of(gap),
  });
  return [value, ...before.map((_, i) => float32Data(outputs, `factor_${i + 1}`))];
}

async function expanded(
  runtime: Runtime,
  factors: readonly Float32Array[],
  weights: readonly number[],
): Promise<Float32Array> {
  const inputs = factors.flatMap((factor, i): [string, Float32Array][] => [
    [`factor_${i}`, factor],
    [`weight_${i}`, Float32Array.of(weights[i])],
  ]);
  const graph = taylorSumGraph(factors[0].length, factors.length);
  return float32Data(await runOnce(runtime, graph, Object.fromEntries(inputs)), 'out');
}

/** Runs a graph without weights on single rows and numbers, and reads back what otherwise stays on the device. */
async function runOnce(runtime: Runtime, graph: BuiltGraph, inputs: Readonly<Record<string, Float32Array>>) {
  const none = { file: () => Promise.reject(new Error('no files')), derived: async () => new Uint8Array() };
  const session = await runtime.open({ ...graph, resident: [] }, none);
  try {
    const feeds = Object.entries(inputs).map(([name, data]) => {
      const number = name === 'gap' || name.startsWith('weight_');
      return [name, float32Tensor(number ? [1] : [1, data.length], data)];
    });
    return await session.run(Object.fromEntries(feeds));
  } finally {
    await session.dispose();
  }
}
