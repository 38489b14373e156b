/** Drawings with TaylorSeer: the computed steps and the result. And its Taylor expansion alone. */

import { z } from 'zod';
import type { SkipDecision } from '../../../src/omnigen2/acceleration/acceleration.ts';
import { TaylorSchedule, taylorWeights } from '../../../src/omnigen2/acceleration/taylorseer.ts';
import { taylorDifferencesGraph, weightedSumGraph } from '../../../src/omnigen2/graphs/stream-arithmetic.ts';
import { float32Tensor, floatsOf as floatsOfTensor } from '../../../src/omnigen2/host-tensors.ts';
import { draw } from '../../../src/omnigen2/pipeline.ts';
import type { GraphDefinition, InputSpecs, OutputSpecs } from '../../../src/onnx/define-graph.ts';
import { type Feeds, flatFeeds } from '../../../src/runtime/typed-session.ts';
import type { HostTensor, Runtime } from '../../../src/runtime/types.ts';
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

/** The official name of a kind of step. */
function typeOf(computed: boolean): string {
  return computed ? 'full' : 'Taylor';
}

const rowsSchema = z.array(z.object({ counter: z.int() }));

/** The schedule, and the graphs of the expansion on recorded values, without a transformer. */
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
    if (moment.computed) factors = await updated(runtime, value, factors.slice(0, orders - 1), moment.gap);
    else value = await extrapolated(runtime, factors, taylorWeights(orders, moment.ahead));
    values.push(...value);
    // The counter is internal to the official code. Taken from the recording.
    const { counter } = counters[step];
    const x = moment.computed ? 0 : moment.ahead;
    decisions.push({ step, type: typeOf(computed), counter, orders, x });
  }
  return [
    compareExact('decisions', decisions, golden.expected.decisions),
    compareTensor('values', values, tensorOf(golden, 'values'), golden.tolerance),
  ];
}

async function updated(
  runtime: Runtime,
  value: Float32Array,
  previous: readonly Float32Array[],
  gap: number,
): Promise<Float32Array[]> {
  if (previous.length === 0) return [value];
  const parts = { width: value.length, count: previous.length };
  const feeds = { value: row(value), previous: previous.map(row), gap: scalar(gap) };
  const differences = await runOnce(runtime, taylorDifferencesGraph, parts, feeds);
  return [value, ...differences];
}

async function extrapolated(
  runtime: Runtime,
  factors: readonly Float32Array[],
  weights: readonly number[],
): Promise<Float32Array> {
  const parts = { width: factors[0].length, count: factors.length };
  const feeds = { factors: factors.map(row), weights: weights.map(scalar) };
  const [value] = await runOnce(runtime, weightedSumGraph, parts, feeds);
  return value;
}

/** Runs a graph without weights and reads its resident outputs, in the order of the graph. */
async function runOnce<Parts, In extends InputSpecs, Out extends OutputSpecs>(
  runtime: Runtime,
  definition: GraphDefinition<Parts, In, Out>,
  parts: Parts,
  feeds: Feeds<In>,
): Promise<Float32Array[]> {
  const none = { slice: () => Promise.reject(new Error('no files')), derived: async () => new Uint8Array() };
  const graph = definition.build(parts);
  const session = await runtime.open({ ...graph, resident: [] }, none);
  try {
    const outputs = await session.run(flatFeeds(feeds));
    return graph.outputs.map(({ name }) => floatsOfTensor(outputs[name]));
  } finally {
    await session.dispose();
  }
}

function row(data: Float32Array): HostTensor {
  return float32Tensor([1, data.length], data);
}

function scalar(value: number): HostTensor {
  return float32Tensor([1], Float32Array.of(value));
}
