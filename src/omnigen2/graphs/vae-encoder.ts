/** Pixels to the moments of their latents. */

import type { VaeConfig } from '../../config/config.ts';
import { defineGraph, floats } from '../../onnx/define-graph.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers } from './layers.ts';
import type { Numerics } from './numerics.ts';
import { VaeBlocks } from './vae-blocks.ts';

export interface VaeGraphSource {
  readonly config: VaeConfig;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
}

/**
 * The encoder: `pixels` `[1, 3, height, width]`, -1 … 1, to `moments` `[1, 2 * latentChannels, h, w]`: means,
 * then log variances, not clamped. `middle_shape` int64 `[4]` is the shape of the middle's feature map.
 * Source: diffusers `models/autoencoders/vae.py`, Encoder.forward
 */
export const encoderGraph = defineGraph({
  name: () => 'vae.encoder',
  inputs: ({ config }: VaeGraphSource) => ({
    pixels: floats(1, config.inChannels, 'height', 'width'),
    middle_shape: { type: 'int64', shape: [4] },
  }),
  outputs: { moments: 'host' },
  build: (g, { pixels, middle_shape }, { config, weights, numerics }) => {
    const layers = new Layers(g, weights, numerics);
    const blocks = new VaeBlocks(layers, config);
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
    x = blocks.activated(blocks.middle(x, middle_shape, 'encoder.mid_block'), 'encoder.conv_norm_out');
    return { moments: blocks.conv3(x, 'encoder.conv_out') };
  },
});
