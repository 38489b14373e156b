/** The autoencoder alone: encode, decode, and both in tiles. */

import type { Autoencoder } from '../../../src/omnigen2/autoencoder.ts';
import type { Latents } from '../../../src/omnigen2/latents.ts';
import { compareTensor, floatsOf, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';

export const run: KindRunner = async (golden, context) => {
  const vae = await (await context.model()).autoencoder();
  const produced = golden.inputs.includes('pixels') ? await encode(golden, vae) : await decode(golden, vae);
  return golden.outputs.map((name): Comparison => {
    const values = produced[name];
    if (!values) throw new Error(`case ${golden.id} lists an output ${name}, which nothing computes`);
    return compareTensor(name, values, tensorOf(golden, name), golden.tolerance);
  });
};

async function encode(golden: GoldenCase, vae: Autoencoder): Promise<Record<string, Float32Array>> {
  const [, , height, width] = tensorOf(golden, 'pixels').shape;
  const posterior = await vae.encode({ height, width, data: floatsOf(golden, 'pixels') }, tiling(golden));
  const { mean, logvar } = posterior;
  if (!golden.inputs.includes('noise')) return { mean: mean.data, logvar: logvar.data };
  const sample = vae.sample(posterior, floatsOf(golden, 'noise'));
  return {
    mean: mean.data,
    logvar: logvar.data,
    sample: sample.data,
    latents: vae.toModel(sample).data,
  };
}

async function decode(golden: GoldenCase, vae: Autoencoder): Promise<Record<string, Float32Array>> {
  const [, channels, height, width] = tensorOf(golden, 'latents').shape;
  const latents: Latents = { channels, height, width, data: floatsOf(golden, 'latents') };
  return { pixels: (await vae.decode(vae.fromModel(latents), tiling(golden))).data };
}

function tiling({ id, params }: GoldenCase): { tileSide?: number } {
  const side = params.tile_sample_min_size;
  if (side === undefined) return {};
  if (typeof side !== 'number') throw new Error(`case ${id}: tile_sample_min_size is no number`);
  return { tileSide: side };
}
