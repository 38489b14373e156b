/** Whole drawings, with every intermediate value: prompts, references, each prediction, each step, the picture. */

import { z } from 'zod';
import { TEACACHE_THRESHOLD } from '../../../src/omnigen2/acceleration/acceleration.ts';
import { guidanceBranches } from '../../../src/omnigen2/diffusion/guidance.ts';
import { concatFloats } from '../../../src/omnigen2/float32.ts';
import type { OmniGen2Model } from '../../../src/omnigen2/model.ts';
import {
  type DrawHooks,
  type DrawOptions,
  type DrawResult,
  draw,
  type NoiseSource,
} from '../../../src/omnigen2/pipeline.ts';
import { compareExact, compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, VerifyContext } from '../types.ts';

/** The official call's arguments; what a case leaves out has the official default. */
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

/** What one drawing computed: for each name, its values in the order in which they came. */
type Traced = Map<string, Float32Array[]>;

/** How a picture is drawn: by the pipeline itself, or through a pathway around it. */
export type DrawWay = (model: OmniGen2Model, options: DrawOptions, hooks: DrawHooks) => Promise<DrawResult>;

export const run: KindRunner = (golden, context) => compareDrawings(golden, context, draw);

/** Draws what a case asks for, and compares every output that it lists. */
export async function compareDrawings(
  golden: GoldenCase,
  context: VerifyContext,
  way: DrawWay,
): Promise<Comparison[]> {
  const params = paramsSchema.parse(golden.params);
  const options = await drawOptions(params, context);
  const model = await context.model();
  const drawings: Traced[] = [];
  const greys: number[] = [];
  for (let i = 0; i < params.num_images_per_prompt; i++) {
    const traced: Traced = new Map();
    const { image } = await way(model, options, {
      noise: recordedNoise(golden, i, params.num_images_per_prompt),
      trace: (name, values) => traced.set(name, [...(traced.get(name) ?? []), values.slice()]),
    });
    drawings.push(traced);
    for (const grey of image.data) greys.push(grey);
  }
  return [
    ...golden.outputs.map((name) => compareOutput(golden, name, drawings, greys)),
    compareExact('calls', callsOf(options), golden.expected.calls),
  ];
}

async function drawOptions(
  params: z.infer<typeof paramsSchema>,
  context: VerifyContext,
): Promise<DrawOptions> {
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
    teaCacheThreshold: TEACACHE_THRESHOLD,
    posterior: 'sample',
    alignSize: params.align_res,
    maxPixels: params.max_pixels,
    maxReferenceSide: params.max_input_image_side_length,
    maxSequenceLength: params.max_sequence_length ?? Number.POSITIVE_INFINITY,
  };
}

/** The noise that the official run drew: picture `index` of `count`. */
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

/** Which branch is run when. Source of the order: OmniGen2Pipeline.processing */
function callsOf(options: DrawOptions): [number, string][] {
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
  greys: readonly number[],
): Comparison {
  const want = tensorOf(golden, name);
  if (name === 'image_u8') {
    // A grey level may round either way where the float sits on the edge between two.
    return { ...compareTensor(name, greys, want, { abs: 1, rel: 0 }), unit: 'grey level' };
  }
  if (name.endsWith('_attention_mask')) {
    // Prompts are not padded, so every token of them counts.
    return compareTensor(name, Array(want.data.length).fill(1), want, { abs: 0, rel: 0 });
  }
  return compareTensor(name, joined(name, drawings), want, golden.tolerance);
}

/** The values of all drawings: those of each step stand together, as the official code draws a batch. */
function joined(name: string, drawings: readonly Traced[]): Float32Array {
  const values = drawings.map((traced) => traced.get(name) ?? []);
  const shared = name === 'timesteps' || name.startsWith('ref_') || name.startsWith('vae_');
  const parts = shared ? values[0] : values[0].flatMap((_, moment) => values.map((all) => all[moment]));
  return concatFloats(parts);
}
