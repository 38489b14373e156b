/** The VAE alone: encode and decode, whole and in strips, or both in the official tiles. */

import type { Latents } from '../../../src/omnigen2/diffusion/latents.ts';
import { planStrips } from '../../../src/omnigen2/vae/strip-plan.ts';
import type { Vae, VaeOptions } from '../../../src/omnigen2/vae/vae.ts';
import { compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';

export const run: KindRunner = async (golden, context) => {
  const vae = await (await context.model()).vae();
  const encodeOrDecode = golden.inputs.includes('pixels') ? encode : decode;
  const modes: Record<string, VaeOptions> =
    'tile_sample_min_size' in golden.params
      ? { 'in tiles': { tileSide: tileSideOf(golden) } }
      : { whole: { maxBufferBytes: Number.POSITIVE_INFINITY }, 'in strips': inStrips(golden, vae) };
  const comparisons: Comparison[] = [];
  for (const [mode, options] of Object.entries(modes)) {
    const produced = await encodeOrDecode(golden, vae, options);
    for (const name of golden.outputs) {
      const values = produced[name];
      if (!values)
        throw new Error(`case ${golden.id} lists the output ${name}, which this check does not compute`);
      const comparison = compareTensor(name, values, tensorOf(golden, name), golden.tolerance);
      comparisons.push({ ...comparison, name: `${name} ${mode}` });
    }
  }
  return comparisons;
};

async function encode(
  golden: GoldenCase,
  vae: Vae,
  options: VaeOptions,
): Promise<Record<string, Float32Array>> {
  const [, , height, width] = tensorOf(golden, 'pixels').shape;
  const posterior = await vae.encode({ height, width, data: floatsOf(golden, 'pixels') }, options);
  const { mean, logvar } = posterior;
  if (!golden.inputs.includes('noise')) return { mean: mean.data, logvar: logvar.data };
  const sample = vae.sample(posterior, floatsOf(golden, 'noise'));
  return {
    mean: mean.data,
    logvar: logvar.data,
    sample: sample.data,
    latents: vae.toTransformer(sample).data,
  };
}

async function decode(
  golden: GoldenCase,
  vae: Vae,
  options: VaeOptions,
): Promise<Record<string, Float32Array>> {
  const [, channels, height, width] = tensorOf(golden, 'latents').shape;
  const latents: Latents = { channels, height, width, data: floatsOf(golden, 'latents') };
  return { pixels: (await vae.decode(vae.fromTransformer(latents), options)).data };
}

/** Options that cut the case's picture into at least three strips, or into one per row of latents. */
function inStrips(golden: GoldenCase, vae: Vae): VaeOptions {
  const encodes = golden.inputs.includes('pixels');
  const [, , height, width] = tensorOf(golden, encodes ? 'pixels' : 'latents').shape;
  const latents = encodes ? vae.latentShape({ height, width }) : { height, width };
  let maxBufferBytes = 2 ** 30;
  while (
    (planStrips(vae.config, latents, { maxBufferBytes })?.rows.length ?? 0) < Math.min(3, latents.height)
  ) {
    maxBufferBytes /= 2;
  }
  return { maxBufferBytes };
}

function tileSideOf({ id, params }: GoldenCase): number {
  const side = params.tile_sample_min_size;
  if (typeof side !== 'number') throw new Error(`case ${id}: tile_sample_min_size is not a number`);
  return side;
}
