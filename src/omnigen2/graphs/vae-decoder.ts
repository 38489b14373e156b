/** Latents to pixels. */

import { type BuiltGraph, GraphBuilder } from '../../onnx/graph.ts';
import { upsampleNearest } from '../../onnx/ops/convolution.ts';
import { Layers } from './layers.ts';
import { VaeBlocks } from './vae-blocks.ts';
import type { VaeGraphSource } from './vae-encoder.ts';

/**
 * The decoder.
 *
 * Inputs: `latents` `[1, latentChannels, height, width]`, in the scale of the VAE; `middle_shape` (see
 * {@link VaeBlocks.middle}).
 * Output: `pixels` `[1, 3, H, W]`, about -1 … 1.
 * Source: diffusers `models/autoencoders/vae.py`, Decoder.forward
 */
export function decoderGraph({ config, weights, numerics }: VaeGraphSource): BuiltGraph {
  const g = new GraphBuilder('vae.decoder');
  const layers = new Layers(g, weights, numerics);
  const blocks = new VaeBlocks(layers, config);
  const latents = g.input('latents', 'float32', [1, config.latentChannels, 'height', 'width']);
  let x = blocks.middle(blocks.conv3(latents, 'decoder.conv_in'), 'decoder.mid_block');
  const last = config.blockOutChannels.length - 1;
  for (let level = 0; level <= last; level++) {
    const name = `decoder.up_blocks.${level}`;
    for (let i = 0; i <= config.layersPerBlock; i++) x = blocks.resnet(x, `${name}.resnets.${i}`);
    if (level === last) break;
    const larger = upsampleNearest(g, x, `${2 ** (level + 1)}*height`, `${2 ** (level + 1)}*width`);
    x = blocks.conv3(larger, `${name}.upsamplers.0.conv`);
  }
  g.output('pixels', blocks.conv3(blocks.activated(x, 'decoder.conv_norm_out'), 'decoder.conv_out'));
  return g.finish();
}
