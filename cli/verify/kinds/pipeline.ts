/** Whole drawings with every intermediate value: prompts, references, predictions, steps and the picture. */

import { z } from 'zod';
import { guidanceBranches } from '../../../src/omnigen2/diffusion/guidance.ts';
import { concatFloats } from '../../../src/omnigen2/host-tensors.ts';
import type { OmniGen2Model } from '../../../src/omnigen2/model.ts';
import {
  type DrawHooks,
  type DrawInput,
  type DrawResult,
  draw,
  type NoiseSource,
} from '../../../src/omnigen2/pipeline.ts';
import { DEFAULT_SETTINGS } from '../../../src/settings/draw-settings.ts';
import { compareExact, compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, VerifyContext } from '../types.ts';

/** Arguments of the official call, with the official defaults. */
const paramsSchema = z.object({
  prompt: z.string(),
  negative_prompt: z.string().default(''),
  images: z.array(z.string()).default([]),
  num_images_per_prompt: z.int().default(1),
  width: z.int().default(1024),
  height: z.int().default(1024),
  align_res: z.boolean().default(true),
  max_pixels: z.number().default(1024 * 1024),
  max_input_image_side_length: z.number().default(1024),
  num_inference_steps: z.int().default(28),
  max_sequence_length: z.int().optional(),
  text_guidance_scale: z.number().default(4),
  image_guidance_scale: z.number().default(1),
  cfg_range: z.tuple([z.number(), z.number()]).default([0, 1]),
  scheduler: z.enum(['FlowMatchEulerDiscreteScheduler', 'DPMSolverMultistepScheduler']),
});

/** The traced values of one drawing, by name, in the order of computation. */
type Traced = Map<string, Float32Array[]>;

/** A function that draws: the pipeline itself, or one that uses it. */
export type DrawFunction = (
  model: OmniGen2Model,
  options: DrawInput,
  hooks: DrawHooks,
) => Promise<DrawResult>;

export const run: KindRunner = (golden, context) => compareDrawings(golden, context, draw);

/** Draws a case, and compares every output that it lists. */
export async function compareDrawings(
  golden: GoldenCase,
  context: VerifyContext,
  drawWith: DrawFunction,
): Promise<Comparison[]> {
  const params = paramsSchema.parse(golden.params);
  const options = await drawInput(params, context);
  const model = await context.model();
  const drawings: Traced[] = [];
  const pixels: number[] = [];
  for (let i = 0; i < params.num_images_per_prompt; i++) {
    const traced: Traced = new Map();
    const { image } = await drawWith(model, options, {
      noise: recordedNoise(golden, i, params.num_images_per_prompt),
      trace: (name, values) => traced.set(name, [...(traced.get(name) ?? []), values.slice()]),
    });
    drawings.push(traced);
    for (const pixel of image.data) pixels.push(pixel);
  }
  return [
    ...golden.outputs.map((name) => compareOutput(golden, name, drawings, pixels)),
    compareExact('calls', callsOf(options), golden.expected.calls),
  ];
}

async function drawInput(params: z.infer<typeof paramsSchema>, context: VerifyContext): Promise<DrawInput> {
  return {
    prompt: params.prompt,
    negativePrompt: params.negative_prompt,
    references: await Promise.all(params.images.map((path) => context.readImage(path))),
    width: params.width,
    height: params.height,
    steps: params.num_inference_steps,
    seed: 0,
    textGuidance: params.text_guidance_scale,
    imageGuidance: params.image_guidance_scale,
    guidanceRange: params.cfg_range,
    scheduler: params.scheduler === 'DPMSolverMultistepScheduler' ? 'dpmsolver++' : 'euler',
    acceleration: 'none',
    teaCacheThreshold: DEFAULT_SETTINGS.teaCacheThreshold,
    posterior: 'sample',
    alignSize: params.align_res,
    maxPixels: params.max_pixels,
    maxReferenceSide: params.max_input_image_side_length,
    maxSequenceLength: params.max_sequence_length ?? Number.POSITIVE_INFINITY,
  };
}

/** The recorded noise of the official run, for picture `index` of `count`. */
function recordedNoise(golden: GoldenCase, index: number, count: number): NoiseSource {
  return {
    latents: (length) => {
      const all = floatsOf(golden, 'latents');
      if (all.length !== length * count) {
        throw new Error(`the recorded noise has ${all.length} values, not ${count} x ${length}`);
      }
      return all.slice(index * length, (index + 1) * length);
    },
    posterior: (reference) => floatsOf(golden, `vae_noise_${reference}`),
  };
}

/** The guidance branches of each step, in their order. Source: OmniGen2Pipeline.processing */
function callsOf(options: DrawInput): [number, string][] {
  const references = options.references.length;
  return Array.from({ length: options.steps }, (_, step) =>
    guidanceBranches({ ...options, references, step }).branches.map((branch): [number, string] => [
      step,
      branch,
    ]),
  ).flat();
}

function compareOutput(
  golden: GoldenCase,
  name: string,
  drawings: readonly Traced[],
  pixels: readonly number[],
): Comparison {
  const want = tensorOf(golden, name);
  if (name === 'image_u8') {
    // A float next to the edge between two levels may round to either.
    return { ...compareTensor(name, pixels, want, { abs: 1, rel: 0 }), unit: 'grey level' };
  }
  if (name.endsWith('_attention_mask')) {
    // Prompts are not padded, so every mask value is 1.
    return compareTensor(name, Array(want.data.length).fill(1), want, { abs: 0, rel: 0 });
  }
  return compareTensor(name, joinSteps(name, drawings), want, golden.tolerance);
}

/** Concatenates the values of all drawings, step by step, in the order of the official code's batch. */
function joinSteps(name: string, drawings: readonly Traced[]): Float32Array {
  const values = drawings.map((traced) => traced.get(name) ?? []);
  const shared = name === 'timesteps' || name.startsWith('ref_') || name.startsWith('vae_');
  const parts = shared ? values[0] : values[0].flatMap((_, moment) => values.map((all) => all[moment]));
  return concatFloats(parts);
}
