/**
 * The VAE cut into segments at its group norms, for pictures that run in strips. A segment runs on one strip
 * and the rows above and below it. The norm before its convolution takes the moments of the whole picture as
 * inputs.
 */

import type { VaeConfig } from '../../config/config.ts';
import { defineGraph, floats, type InputValues, optional } from '../../onnx/define-graph.ts';
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import { add, mean, mul, silu, sub } from '../../onnx/ops/arithmetic.ts';
import { attention } from '../../onnx/ops/attention.ts';
import { fixed } from '../../onnx/ops/checks.ts';
import { upsampleNearest } from '../../onnx/ops/convolution.ts';
import { concat, reshape, slice } from '../../onnx/ops/layout.ts';
import { Layers } from './layers.ts';
import { VaeBlocks } from './vae-blocks.ts';
import type { VaeGraphSource } from './vae-encoder.ts';

/** One convolution, with the norm before it and the skip connection after it. */
export interface ConvSegment {
  /** Official name of the 3x3 convolution. */
  readonly conv: string;
  /** Input channels. */
  readonly channels: number;
  /** Official name of the group norm before it, followed by SiLU. */
  readonly norm?: string;
  /** Upsamples by 2 before the convolution, or uses stride 2. */
  readonly resize?: 'double' | 'halve';
  /** A map that is added to the result, through the 1x1 convolution `shortcut` if the channels differ. */
  readonly skip?: { readonly channels: number; readonly shortcut?: string };
}

type SegmentParts = Pick<VaeGraphSource, 'weights' | 'numerics'> & { readonly segment: ConvSegment };

/**
 * A segment whose result stays on the device: `out` `[1, O, H, W]` with its `first` and `last` row `[1, O, 1,
 * W]`, and the `means` and `variances` of its rows `[1, O, H]` for a group norm that follows.
 */
export const convSegmentGraph = defineGraph({
  name: ({ segment }) => `vae.${segment.conv}`,
  inputs: segmentInputs,
  outputs: { out: 'resident', first: 'resident', last: 'resident', means: 'host', variances: 'host' },
  build: (g, inputs, parts) => {
    const out = convolution(g, inputs, parts);
    return {
      out,
      first: slice(g, out, 2, 0, 1, 1),
      last: slice(g, out, 2, -1, Number.POSITIVE_INFINITY, 1),
      ...rowMoments(g, out),
    };
  },
});

/** The last segment of a picture: `out` `[1, O, H, W]` goes to main memory. */
export const lastSegmentGraph = defineGraph({
  name: ({ segment }) => `vae.${segment.conv}`,
  inputs: segmentInputs,
  outputs: { out: 'host' },
  build: (g, inputs, parts) => ({ out: convolution(g, inputs, parts) }),
});

/**
 * The inputs of a segment. Rows outside of the picture are zero.
 *
 * - `rows` `[1, C, height, width]`
 * - `above`, `below` `[1, C, 1, width]`: the adjacent rows; no `above` with stride 2
 * - with a norm, `mean`, `inverse` `[C, 1, 1]`, and `inside` `[2, 1, 1, 1]`: 0 if `above` or `below` is
 *   outside of the picture, else 1
 * - with a skip connection, `skip` `[1, S, height, width]`
 */
function segmentInputs({ segment: { channels, norm, resize, skip } }: SegmentParts) {
  const edge = floats(1, channels, 1, 'width');
  const perChannel = optional(norm !== undefined, floats(channels, 1, 1));
  return {
    rows: floats(1, channels, 'height', 'width'),
    above: optional(resize !== 'halve', edge),
    below: edge,
    mean: perChannel,
    inverse: perChannel,
    inside: optional(norm !== undefined, floats(2, 1, 1, 1)),
    skip: optional(skip !== undefined, floats(1, skip?.channels ?? 0, 'height', 'width')),
  };
}

export type SegmentInputs = ReturnType<typeof segmentInputs>;
type SegmentValues = InputValues<SegmentInputs>;

function convolution(
  g: GraphBuilder,
  inputs: SegmentValues,
  { weights, numerics, segment }: SegmentParts,
): Value {
  const layers = new Layers(g, weights, numerics);
  const { conv, resize, skip } = segment;
  const { body, edge } = activation(layers, inputs, segment);
  const rows = [
    ...inputs.above.map((above) => edge(above, 'above')),
    body(inputs.rows),
    edge(inputs.below, 'below'),
  ];
  const halved = resize === 'halve';
  const [height, width] = resize ? [`${resize} height`, `${resize} width`] : ['height', 'width'];
  const y = layers.conv(concat(g, rows, 2), conv, {
    stride: halved ? 2 : 1,
    pads: halved ? [0, 0, 0, 1] : [0, 1, 0, 1],
    height,
    width,
  });
  if (!skip) return y;
  const [other] = inputs.skip;
  const options = { pads: [0, 0, 0, 0], height: 'height', width: 'width' };
  return add(g, skip.shortcut === undefined ? other : layers.conv(other, skip.shortcut, options), y);
}

/** The operations before the convolution, on a strip (`body`) and on the row above or below it (`edge`). */
function activation(layers: Layers, inputs: SegmentValues, { norm, channels, resize }: ConvSegment) {
  const { g } = layers;
  if (resize === 'double') {
    return {
      body: (x: Value) => upsampleNearest(g, x, 'double height', 'double width'),
      // Upsampling gives two equal rows; the convolution needs one.
      edge: (x: Value) => slice(g, upsampleNearest(g, x, 2, 'double width'), 2, 0, 1, 1),
    };
  }
  if (norm === undefined) return { body: (x: Value) => x, edge: (x: Value) => x };
  const perChannel = (what: string) => layers.tensor(`${norm}.${what}`, 'float32', [channels, 1, 1]);
  const gain = mul(g, inputs.inverse[0], perChannel('weight'));
  const shift = sub(g, perChannel('bias'), mul(g, inputs.mean[0], gain));
  const activated = (x: Value) => silu(g, add(g, mul(g, x, gain), shift));
  const [inside] = inputs.inside;
  return {
    body: activated,
    edge: (x: Value, which: 'above' | 'below') =>
      mul(g, activated(x), which === 'above' ? slice(g, inside, 0, 0, 1) : slice(g, inside, 0, 1, 2)),
  };
}

function rowMoments(g: GraphBuilder, x: Value): { means: Value; variances: Value } {
  const [, channels, height] = x.shape;
  const means = mean(g, x, 3);
  const centred = sub(g, x, reshape(g, means, [1, channels, height, 1]));
  return { means, variances: mean(g, mul(g, centred, centred), 3) };
}

type MiddleParts = VaeGraphSource & { readonly part: 'encoder' | 'decoder' };

/**
 * The middle of the encoder or decoder up to its attention, on the whole `map` `[1, C, height, width]`:
 * latents or the encoder's last feature map. Gives `x` `[1, C, height, width]`, and `q`, `k`, `v` `[1,
 * pixels, C]`.
 */
export const middleEntryGraph = defineGraph({
  name: ({ part }) => `vae.${part}.middle entry`,
  inputs: ({ config, part }: MiddleParts) => ({
    map: floats(1, part === 'decoder' ? config.latentChannels : widest(config), 'height', 'width'),
  }),
  outputs: { x: 'resident', q: 'host', k: 'resident', v: 'resident' },
  build: (g, { map }, { config, weights, numerics, part }) => {
    const blocks = new VaeBlocks(new Layers(g, weights, numerics), config);
    const start = part === 'decoder' ? blocks.conv3(map, 'decoder.conv_in') : map;
    const x = blocks.resnet(start, `${part}.mid_block.resnets.0`);
    return { x, ...blocks.attentionInputs(x, `${part}.mid_block.attentions.0`) };
  },
});

/** Attention of some pixels `q` `[1, queries, C]` over all pixels `k`, `v` `[1, pixels, C]`. */
export const middleAttentionGraph = defineGraph({
  name: () => 'vae.middle attention',
  inputs: ({ config }: VaeGraphSource) => ({
    q: floats(1, 'queries', widest(config)),
    k: floats(1, 'pixels', widest(config)),
    v: floats(1, 'pixels', widest(config)),
  }),
  outputs: { out: 'host' },
  build: (g, { q, k, v }) => ({
    out: attention(g, { q, k, v, heads: 1, scale: 1 / Math.sqrt(fixed(q, 2)) }),
  }),
});

/**
 * The middle after its attention, on the whole map: `x` `[1, C, height, width]` and `attended` `[1, pixels,
 * C]` to `out` `[1, O, height, width]`, the encoder's moments or the decoder's first feature map.
 * `middle_shape` int64 `[4]` is the shape of `x`.
 */
export const middleExitGraph = defineGraph({
  name: ({ part }) => `vae.${part}.middle exit`,
  inputs: ({ config }: MiddleParts) => ({
    x: floats(1, widest(config), 'height', 'width'),
    attended: floats(1, 'pixels', widest(config)),
    middle_shape: { type: 'int64', shape: [4] },
  }),
  outputs: { out: 'host' },
  build: (g, { x, attended, middle_shape }, { config, weights, numerics, part }) => {
    const blocks = new VaeBlocks(new Layers(g, weights, numerics), config);
    const after = blocks.attentionOutput(x, attended, middle_shape, `${part}.mid_block.attentions.0`);
    const y = blocks.resnet(after, `${part}.mid_block.resnets.1`);
    if (part === 'decoder') return { out: y };
    return { out: blocks.conv3(blocks.activated(y, 'encoder.conv_norm_out'), 'encoder.conv_out') };
  },
});

function widest({ blockOutChannels }: VaeConfig): number {
  return blockOutChannels[blockOutChannels.length - 1];
}
