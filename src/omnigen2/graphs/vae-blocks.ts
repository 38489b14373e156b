/**
 * The blocks of the VAE, on feature maps `[1, C, H, W]`.
 * Source: diffusers `models/resnet.py` ResnetBlock2D, `models/attention_processor.py` Attention,
 * `models/unets/unet_2d_blocks.py`
 */

import type { VaeConfig } from '../../config/config.ts';
import type { Value } from '../../onnx/graph.ts';
import { add, mul, silu } from '../../onnx/ops/arithmetic.ts';
import { attention } from '../../onnx/ops/attention.ts';
import { fixed } from '../../onnx/ops/checks.ts';
import { reshape, reshapeTo, transpose } from '../../onnx/ops/layout.ts';
import { instanceNorm } from '../../onnx/ops/normalization.ts';
import type { Layers } from './layers.ts';

/**
 * The epsilon of every norm, a constant in the official code. Source: diffusers `models/autoencoders/vae.py`
 * (resnet_eps)
 */
export const NORM_EPS = 1e-6;

/** The blocks of one VAE graph. */
export class VaeBlocks {
  readonly layers: Layers;
  readonly #groups: number;

  constructor(layers: Layers, config: VaeConfig) {
    this.layers = layers;
    this.#groups = config.normNumGroups;
  }

  /** A 3x3 convolution with padding: same height and width. */
  conv3(x: Value, name: string): Value {
    const [height, width] = x.shape.slice(2);
    return this.layers.conv(x, name, { pads: [1, 1, 1, 1], height, width });
  }

  /**
   * GroupNorm as InstanceNormalization over groups. The values of a group are contiguous, so the reshape can
   * split them into any axes. With the height as its own axis, both reshapes infer only one size.
   */
  groupNorm(x: Value, name: string): Value {
    const { g } = this.layers;
    const channels = fixed(x, 1);
    const grouped = reshape(g, x, [1, this.#groups, x.shape[2], `${x.shape[3]} of ${name}`]);
    const normed = reshape(g, instanceNorm(g, grouped, NORM_EPS), x.shape);
    const perChannel = (what: string) => this.layers.tensor(`${name}.${what}`, 'float32', [channels, 1, 1]);
    return add(g, mul(g, normed, perChannel('weight')), perChannel('bias'));
  }

  /** GroupNorm, then SiLU. */
  activated(x: Value, name: string): Value {
    return silu(this.layers.g, this.groupNorm(x, name));
  }

  resnet(x: Value, name: string): Value {
    const inner = this.conv3(this.activated(x, `${name}.norm1`), `${name}.conv1`);
    const y = this.conv3(this.activated(inner, `${name}.norm2`), `${name}.conv2`);
    if (fixed(x, 1) === fixed(y, 1)) return add(this.layers.g, x, y);
    const [height, width] = x.shape.slice(2);
    const shortcut = this.layers.conv(x, `${name}.conv_shortcut`, { pads: [0, 0, 0, 0], height, width });
    return add(this.layers.g, shortcut, y);
  }

  /**
   * Resnet, self-attention over all pixels with one head, resnet.
   * @param shape int64 `[4]`, the shape of `x` at run time. A `Shape` node would leave the GPU.
   */
  middle(x: Value, shape: Value, name: string): Value {
    const first = this.resnet(x, `${name}.resnets.0`);
    return this.resnet(this.#selfAttention(first, shape, `${name}.attentions.0`), `${name}.resnets.1`);
  }

  #selfAttention(x: Value, shape: Value, name: string): Value {
    const { q, k, v } = this.attentionInputs(x, name);
    const y = attention(this.layers.g, { q, k, v, heads: 1, scale: 1 / Math.sqrt(fixed(q, 2)) });
    return this.attentionOutput(x, y, shape, name);
  }

  /** Queries, keys and values of all pixels, each `[1, pixels, C]`. */
  attentionInputs(x: Value, name: string): { q: Value; k: Value; v: Value } {
    const { g } = this.layers;
    const channels = fixed(x, 1);
    const planes = reshape(g, this.groupNorm(x, `${name}.group_norm`), [channels, 'pixels']);
    const rows = transpose(g, planes, [1, 0]);
    const part = (which: string) =>
      reshape(g, this.layers.linear(rows, `${name}.to_${which}`), [1, 'pixels', channels]);
    return { q: part('q'), k: part('k'), v: part('v') };
  }

  /**
   * The output projection of the attention, added to `x`.
   * @param y `[1, pixels, C]`, the result of the attention
   * @param sizes int64 `[4]`, the shape of `x`
   */
  attentionOutput(x: Value, y: Value, sizes: Value, name: string): Value {
    const { g } = this.layers;
    const out = this.layers.linear(reshape(g, y, ['pixels', fixed(x, 1)]), `${name}.to_out.0`);
    return add(g, x, reshapeTo(g, transpose(g, out, [1, 0]), sizes, x.shape));
  }
}
