/** Draws with graphs that torch.onnx exported, as a plain program would. Runs under Node and in a page. */

import { z } from 'zod';
import { combineGuidance } from '../../../src/omnigen2/diffusion/guidance.ts';
import { toRgbImage } from '../../../src/omnigen2/pixels.ts';
import { noise } from '../../../src/omnigen2/random.ts';
import { flowMatchEuler } from '../../../src/omnigen2/schedulers/flow-match-euler.ts';
import type { RgbImage } from '../../../src/pictures/image.ts';

/** Source: training/export_onnx.py */
export const EXPORT_FILE = 'export.json';
export const PARTS = [
  'text_encoder_cond',
  'text_encoder_uncond',
  'transformer_cond',
  'transformer_uncond',
  'vae_decoder',
] as const;
export type Part = (typeof PARTS)[number];

export const exportSchema = z.object({
  prompt: z.string(),
  size: z.number().int().positive(),
  torch: z.string(),
  tokens: z.object({ cond: z.array(z.number()), uncond: z.array(z.number()) }),
});
export type ExportInfo = z.infer<typeof exportSchema>;

export interface ExportedTensor {
  readonly type: 'float32' | 'int64';
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}
/** Runs a graph. Gives its only output. */
export type RunPart = (part: Part, feeds: Readonly<Record<string, ExportedTensor>>) => Promise<Float32Array>;

const CHANNELS = 16;
const DOWNSCALE = 8;

/** One picture from the prompt of the export: Euler steps, guided by text at every step. */
export async function drawExported(
  run: RunPart,
  { tokens, size }: ExportInfo,
  { seed, steps, textGuidance }: { seed: number; steps: number; textGuidance: number },
): Promise<RgbImage> {
  const text = {
    cond: await run('text_encoder_cond', textFeeds(tokens.cond)),
    uncond: await run('text_encoder_uncond', textFeeds(tokens.uncond)),
  };
  const side = size / DOWNSCALE;
  const dims = [1, CHANNELS, side, side];
  const scheduler = flowMatchEuler(steps, side * side);
  let latents = noise(seed, 'latents', CHANNELS * side * side);
  const velocity = (branch: 'cond' | 'uncond', timestep: number) => {
    const states = text[branch];
    const length = tokens[branch].length;
    return run(`transformer_${branch}`, {
      latents: floats(dims, latents),
      timestep: floats([1], Float32Array.of(timestep)),
      text: floats([1, length, states.length / length], states),
    });
  };
  for (const [step, timestep] of scheduler.timesteps.entries()) {
    const cond = await velocity('cond', timestep);
    const uncond = await velocity('uncond', timestep);
    const plan = { branches: ['cond', 'uncond'], textScale: textGuidance, imageScale: 1 } as const;
    latents = scheduler.step(step, latents, combineGuidance(plan, { cond, uncond }));
  }
  const data = await run('vae_decoder', { latents: floats(dims, latents) });
  return toRgbImage({ width: size, height: size, data });
}

function textFeeds(ids: readonly number[]): Record<string, ExportedTensor> {
  const dims = [1, ids.length];
  return {
    input_ids: { type: 'int64', dims, data: BigInt64Array.from(ids, BigInt) },
    attention_mask: { type: 'int64', dims, data: new BigInt64Array(ids.length).fill(1n) },
  };
}

function floats(dims: readonly number[], data: Float32Array): ExportedTensor {
  return { type: 'float32', dims, data };
}
