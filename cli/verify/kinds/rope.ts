/** Rotary tables, position ids, and the angles of every part of the joint sequence. */

import { z } from 'zod';
import { type PatchGrid, patchGrid } from '../../../src/omnigen2/diffusion/patches.ts';
import { jointPositions, rotaryTable } from '../../../src/omnigen2/diffusion/rope.ts';
import { badCase, compareExact, compareTensor, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const size = z.tuple([z.number(), z.number()]);
const tableParams = z.object({
  axes_dim_rope: triple,
  axes_lens: triple,
  theta: z.literal(10_000),
});
const layoutParams = z.object({
  /** One size for all samples, or one per sample. */
  latent_size_hw: z.union([size, z.array(size)]),
  ref_latent_sizes_hw: z.array(z.array(size)),
  patch_size: z.number(),
});

const AXES = [0, 1, 2] as const;

export const run: KindRunner = async (golden, context) => {
  if ('axes_lens' in golden.params) return compareTables(golden);
  const { config } = await context.model();
  return compareLayout(golden, config.transformer.axesDimRope);
};

function compareTables(golden: GoldenCase): Comparison[] {
  const { axes_dim_rope, axes_lens } = tableParams.parse(golden.params);
  return AXES.flatMap((axis) => {
    const dims: [number, number, number] = [0, 0, 0];
    dims[axis] = axes_dim_rope[axis];
    const ids = Int32Array.from({ length: 3 * axes_lens[axis] }, (_, i) => Math.floor(i / 3));
    const { cosines, sines } = rotaryTable(ids, dims);
    const check = (name: string, values: Float32Array) =>
      compareTensor(name, values, tensorOf(golden, name), golden.tolerance);
    return [check(`cos_${axis}`, cosines), check(`sin_${axis}`, sines)];
  });
}

/** One sample of the batch. */
interface Sample {
  readonly contextLength: number;
  readonly references: readonly PatchGrid[];
  readonly noise: PatchGrid;
}

function compareLayout(golden: GoldenCase, axesDim: readonly [number, number, number]): Comparison[] {
  const samples = samplesOf(golden);
  const parts: Record<string, PartRows[]> = { context: [], ref: [], noise: [], joint: [] };
  const positions: Int32Array[] = [];
  for (const { contextLength, references, noise } of samples) {
    const ids = jointPositions(contextLength, [...references, noise]);
    const { cosines, sines, rows } = rotaryTable(ids, axesDim);
    const width = cosines.length / rows;
    const noiseStart = rows - noise.rows * noise.columns;
    const slice = (from: number, to: number): PartRows => ({
      cos: cosines.subarray(from * width, to * width),
      sin: sines.subarray(from * width, to * width),
    });
    parts.context.push(slice(0, contextLength));
    parts.ref.push(slice(contextLength, noiseStart));
    parts.noise.push(slice(noiseStart, rows));
    parts.joint.push(slice(0, rows));
    positions.push(ids);
  }
  const comparisons = [
    compareExact(
      'seq_lengths',
      positions.map(({ length }) => length / 3),
      golden.expected.seq_lengths,
    ),
    compareExact(
      'cap_lengths',
      samples.map(({ contextLength }) => contextLength),
      golden.expected.cap_lengths,
    ),
    compareTensor(
      'position_ids',
      padded(golden, 'position_ids', positions, 0),
      tensorOf(golden, 'position_ids'),
      {
        abs: 0,
        rel: 0,
      },
    ),
  ];
  for (const [part, rows] of Object.entries(parts)) {
    for (const kind of ['cos', 'sin'] as const) {
      const name = `${part}_${kind}`;
      // Padding rows have position 0 in the joint sequence (cosine 1), and zeros in the parts.
      const fill = part === 'joint' && kind === 'cos' ? 1 : 0;
      const values = rows.map((row) => row[kind]);
      comparisons.push(
        compareTensor(name, padded(golden, name, values, fill), tensorOf(golden, name), golden.tolerance),
      );
    }
  }
  return comparisons;
}

interface PartRows {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

function samplesOf(golden: GoldenCase): Sample[] {
  const params = layoutParams.parse(golden.params);
  const mask = tensorOf(golden, 'attention_mask');
  const [count, longest] = mask.shape;
  if (params.ref_latent_sizes_hw.length !== count) {
    throw badCase(
      golden,
      `has ${count} samples, but ${params.ref_latent_sizes_hw.length} lists in ref_latent_sizes_hw`,
    );
  }
  const grid = ([height, width]: z.infer<typeof size>) => patchGrid({ height, width }, params.patch_size);
  const noise = params.latent_size_hw;
  return Array.from({ length: count }, (_, sample) => {
    const one = noise[sample];
    return {
      contextLength: Array.from(mask.data.subarray(sample * longest, (sample + 1) * longest)).filter(Boolean)
        .length,
      references: params.ref_latent_sizes_hw[sample].map(grid),
      noise: grid(Array.isArray(one) ? one : size.parse(noise)),
    };
  });
}

/** Concatenates samples, each padded to its length in the golden tensor. */
function padded(
  golden: GoldenCase,
  name: string,
  samples: readonly (Float32Array | Int32Array)[],
  fill: number,
): number[] {
  const { shape } = tensorOf(golden, name);
  const length = shape.slice(1).reduce((product, dim) => product * dim, 1);
  return samples.flatMap((values) => [
    ...values,
    ...Array<number>(Math.max(length - values.length, 0)).fill(fill),
  ]);
}
