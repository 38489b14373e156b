/** Pixels to the moments of their latents. */

import type { VaeConfig } from '../../config/config.ts';
import { type BuiltGraph, GraphBuilder } from '../../onnx/graph.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers, type Numerics } from './layers.ts';
import { VaeBlocks } from './vae-blocks.ts';

export interface VaeGraphSource {
  readonly config: VaeConfig;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
}

/**
 * The encoder.
 *
 * Inputs: `pixels` `[1, 3, height, width]`, -1 … 1; `middle_shape` (see {@link VaeBlocks.middle}).
 * Output: `moments` `[1, 2 * latentChannels, h, w]`: means, then log variances, not clamped.
 * Source: diffusers `models/autoencoders/vae.py`, Encoder.forward
 */
export function encoderGraph({ config, weights, numerics }: VaeGraphSource): BuiltGraph {
  const g = new GraphBuilder('vae.encoder');
  const layers = new Layers(g, weights, numerics);
  const blocks = new VaeBlocks(layers, config);
  const pixels = g.input('pixels', 'float32', [1, config.inChannels, 'height', 'width']);
  let x = blocks.conv3(pixels, 'encoder.conv_in');
  const last = config.blockOutChannels.length - 1;
  for (let level = 0; level <= last; level++) {
    const name = `encoder.down_blocks.${level}`;
    for (let i = 0; i < config.layersPerBlock; i++) x = blocks.resnet(x, `${name}.resnets.${i}`);
    if (level === last) break;
    // Pads one row and one column of zeros, at the bottom and right only. Source: diffusers
    // Downsample2D.forward
    const [height, width] = [`height/${2 ** (level + 1)}`, `width/${2 ** (level + 1)}`];
    x = layers.conv(x, `${name}.downsamplers.0.conv`, { stride: 2, pads: [0, 0, 1, 1], height, width });
  }
  x = blocks.activated(blocks.middle(x, 'encoder.mid_block'), 'encoder.conv_norm_out');
  g.output('moments', blocks.conv3(x, 'encoder.conv_out'));
  return g.finish();
}
