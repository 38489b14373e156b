/** Latents to pixels. */

import { defineGraph, floats } from '../../onnx/define-graph.ts';
import { upsampleNearest } from '../../onnx/ops/convolution.ts';
import { Layers } from './layers.ts';
import { VaeBlocks } from './vae-blocks.ts';
import type { VaeGraphSource } from './vae-encoder.ts';

/**
 * The decoder: `latents` `[1, latentChannels, height, width]` in the scale of the VAE to `pixels` `[1, 3, H,
 * W]`, about -1 … 1. `middle_shape` int64 `[4]` is the shape of the middle's feature map.
 * Source: diffusers `models/autoencoders/vae.py`, Decoder.forward
 */
export const decoderGraph = defineGraph({
  name: () => 'vae.decoder',
  inputs: ({ config }: VaeGraphSource) => ({
    latents: floats(1, config.latentChannels, 'height', 'width'),
    middle_shape: { type: 'int64', shape: [4] },
  }),
  outputs: { pixels: 'host' },
  build: (g, { latents, middle_shape }, { config, weights, numerics }) => {
    const blocks = new VaeBlocks(new Layers(g, weights, numerics), config);
    let x = blocks.middle(blocks.conv3(latents, 'decoder.conv_in'), middle_shape, 'decoder.mid_block');
    const last = config.blockOutChannels.length - 1;
    for (let level = 0; level <= last; level++) {
      const name = `decoder.up_blocks.${level}`;
      for (let i = 0; i <= config.layersPerBlock; i++) x = blocks.resnet(x, `${name}.resnets.${i}`);
      if (level === last) break;
      const larger = upsampleNearest(g, x, `${2 ** (level + 1)}*height`, `${2 ** (level + 1)}*width`);
      x = blocks.conv3(larger, `${name}.upsamplers.0.conv`);
    }
    return { pixels: blocks.conv3(blocks.activated(x, 'decoder.conv_norm_out'), 'decoder.conv_out') };
  },
});
