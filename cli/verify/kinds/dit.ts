/** Whole forward passes of the transformer: the rows of a batch one by one, each with its own references. */

import type { Latents } from '../../../src/omnigen2/diffusion/latents.ts';
import type { PredictRequest } from '../../../src/omnigen2/diffusion/request.ts';
import { Transformer } from '../../../src/omnigen2/diffusion/transformer.ts';
import { compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, Tolerance, VerifyContext } from '../types.ts';

/** Padding adds zeros. Only the order of sums differs. */
const PADDED: Tolerance = { abs: 1e-5, rel: 0 };

export const run: KindRunner = async (golden, context) => {
  const transformer = await (await context.model()).transformer();
  const rows: Float32Array[] = [];
  for (let row = 0; row < tensorOf(golden, 'latents').shape[0]; row++) {
    rows.push((await transformer.predict(await requestOf(golden, row, transformer))).data);
  }
  const computed = async (name: string): Promise<ArrayLike<number>> => {
    if (name === 'output') return rows.flatMap((data) => [...data]);
    if (name === 'output_swapped') return swapped(golden, transformer);
    const alone = /^output_row(\d+)_alone$/.exec(name);
    if (alone) return rows[Number(alone[1])];
    throw new Error(`case ${golden.id} lists the output ${name}, which this check does not compute`);
  };
  const comparisons: Comparison[] = [];
  for (const name of golden.outputs) {
    comparisons.push(compareTensor(name, await computed(name), tensorOf(golden, name), golden.tolerance));
  }
  if (golden.params.padded === true) comparisons.push(await comparePadded(golden, context, rows[0]));
  return comparisons;
};

/** Compares the first row with the same from graphs whose widths are padded for fast kernels. */
async function comparePadded(
  golden: GoldenCase,
  context: VerifyContext,
  plain: Float32Array,
): Promise<Comparison> {
  const model = await context.model();
  const source = model.source('transformer');
  const numerics = { ...source.numerics, padded: true };
  const transformer = await Transformer.open(model.runtime, { ...source, numerics });
  try {
    const { data } = await transformer.predict(await requestOf(golden, 0, transformer));
    const { shape } = tensorOf(golden, 'output');
    const want = { dtype: 'F32', shape, data: plain } as const;
    return compareTensor('output of padded and stored widths', data, want, PADDED);
  } finally {
    await transformer.dispose();
  }
}

/** Predicts the only row with its references in reverse order. */
async function swapped(golden: GoldenCase, transformer: Transformer): Promise<Float32Array> {
  const request = await requestOf(golden, 0, transformer);
  return (await transformer.predict({ ...request, references: request.references.toReversed() })).data;
}

/** Makes a request of one row of a case: its text without padding, and its references. */
export async function requestOf(
  golden: GoldenCase,
  row: number,
  transformer: Transformer,
): Promise<PredictRequest> {
  const [, width, features] = tensorOf(golden, 'text_hidden_states').shape;
  const mask = tensorOf(golden, 'text_attention_mask').data;
  const length = Array.from({ length: width }, (_, i) => mask[row * width + i]).reduce(
    (sum, valid) => sum + valid,
    0,
  );
  const start = row * width * features;
  const states = floatsOf(golden, 'text_hidden_states').subarray(start, start + length * features);
  const timesteps = floatsOf(golden, 'timestep');
  return {
    latents: latentsOf(golden, 'latents', row),
    timestep: timesteps[Math.min(row, timesteps.length - 1)],
    context: await transformer.context(states),
    references: referencesOf(golden, row),
  };
}

/** The references of a row. Their numbers continue from row to row. */
function referencesOf(golden: GoldenCase, row: number): Latents[] {
  const counts = golden.params.refs_per_row ?? [
    golden.inputs.filter((name) => /^ref_\d+$/.test(name)).length,
  ];
  if (!Array.isArray(counts)) throw new Error(`case ${golden.id}: refs_per_row is not a list`);
  const first = counts.slice(0, row).reduce((sum: number, count: number) => sum + count, 0);
  return Array.from({ length: counts[row] ?? 0 }, (_, i) => latentsOf(golden, `ref_${first + i}`));
}

/** Latents `[C, H, W]`, or one row of `[B, C, H, W]`. */
function latentsOf(golden: GoldenCase, name: string, row = 0): Latents {
  const [channels, height, width] = tensorOf(golden, name).shape.slice(-3);
  const size = channels * height * width;
  return { channels, height, width, data: floatsOf(golden, name).slice(row * size, (row + 1) * size) };
}
