/** Every stage of one forward pass of the transformer, and the same pass with one session per layer. */

import { Transformer, type TransformerOptions } from '../../../src/omnigen2/diffusion/transformer.ts';
import { compareTensor, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, GoldenTensor, KindRunner, VerifyContext } from '../types.ts';
import { requestOf } from './dit.ts';

/** Values by stage. A stage of the references has one entry per reference. */
type Stages = Map<string, Float32Array[]>;

export const run: KindRunner = async (golden, context) => {
  const stages = await traced(golden, context);
  const comparisons = golden.outputs.map((name) => {
    const parts = stages.get(name);
    if (!parts)
      throw new Error(`case ${golden.id} lists the output ${name}, which this check does not compute`);
    return compareStage(golden, name, parts);
  });
  return [...comparisons, ...(await compareRanges(golden, context))];
};

/** The stages of a forward with all layers in one session. */
async function traced(golden: GoldenCase, context: VerifyContext): Promise<Stages> {
  const stages: Stages = new Map();
  const trace = (stage: string, values: Float32Array) => {
    const parts = stages.get(stage) ?? [];
    parts.push(values);
    stages.set(stage, parts);
  };
  await withTransformer(context, { trace }, async (transformer) => {
    const { data } = await transformer.predict(await requestOf(golden, 0, transformer));
    trace('output', data);
  });
  return stages;
}

/** The forward with one session per layer, and the signal of TeaCache. */
async function compareRanges(golden: GoldenCase, context: VerifyContext): Promise<Comparison[]> {
  const stages: Stages = new Map();
  const options: TransformerOptions = {
    packsBranches: false,
    sessionBytes: 1,
    trace: (stage, values) => stages.set(stage, [values]),
  };
  return withTransformer(context, options, async (transformer) => {
    const request = await requestOf(golden, 0, transformer);
    stages.clear();
    const step = await transformer.embed({ ...request, branches: [request] });
    const { signal } = await transformer.signal(step, step.branches[0], undefined);
    const seen = new Map(stages);
    const streams = await transformer.layers(step, step.branches);
    const [{ data }] = await transformer.head(step, streams);
    for (const used of [signal, ...streams, step]) used.dispose();
    const compare = (name: string, values: ArrayLike<number>) => ({
      ...compareTensor(name, values, tensorOf(golden, name), golden.tolerance),
      name: `${name} in ranges`,
    });
    return [
      compare('joint_input', seen.get('joint_input')?.[0] ?? []),
      compare('layer_0_norm1', seen.get('layer_0_norm1')?.[0] ?? []),
      compare('output', data),
    ];
  });
}

async function withTransformer<Result>(
  context: VerifyContext,
  options: TransformerOptions,
  use: (transformer: Transformer) => Promise<Result>,
): Promise<Result> {
  const model = await context.model();
  const source = model.source('transformer');
  const transformer = await Transformer.open(model.runtime, source, options);
  try {
    return await use(transformer);
  } finally {
    await transformer.dispose();
  }
}

/**
 * Compares a stage. The official code batches references `[refs, longest, D]`; the padding at the end of each
 * is not compared.
 */
function compareStage(golden: GoldenCase, name: string, parts: readonly Float32Array[]): Comparison {
  const want = tensorOf(golden, name);
  const batched = parts.length > 1 && want.shape[0] === parts.length;
  const got = parts.flatMap((part) => [...part]);
  return compareTensor(
    name,
    got,
    batched
      ? withoutPadding(
          want,
          parts.map(({ length }) => length),
        )
      : want,
    golden.tolerance,
  );
}

function withoutPadding(tensor: GoldenTensor, lengths: readonly number[]): GoldenTensor {
  const rowSize = tensor.data.length / tensor.shape[0];
  const kept = lengths.flatMap((length, row) => [
    ...tensor.data.subarray(row * rowSize, row * rowSize + length),
  ]);
  const width = tensor.shape[tensor.shape.length - 1];
  return { dtype: tensor.dtype, shape: [kept.length / width, width], data: Float32Array.from(kept) };
}
