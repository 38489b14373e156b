/**
 * The VAE cut into segments at its group norms, for pictures that run in strips. A segment runs on one strip
 * and the rows above and below it. The norm before its convolution takes the moments of the whole picture as
 * inputs.
 */

import { type BuiltGraph, GraphBuilder, type Value } from '../../onnx/graph.ts';
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
  /** Whether to output the moments of the result, for a group norm that follows. */
  readonly withMoments: boolean;
  /** Whether the result goes to main memory instead of staying on the device. */
  readonly toHost: boolean;
}

/**
 * The graph of a segment. Rows outside of the picture are zero.
 *
 * Inputs:
 * - `rows` `[1, C, height, width]`
 * - `above`, `below` `[1, C, 1, width]`: the adjacent rows; no `above` with `halve`
 * - with a norm, `mean`, `inverse` `[C, 1, 1]`, and `inside` `[2, 1, 1, 1]`: 0 if `above` or `below` is
 *   outside of the picture, else 1
 * - with a skip, `skip` `[1, S, height, width]`
 *
 * Outputs:
 * - `out` `[1, O, H, W]`, resident without `toHost`
 * - without `toHost`, its `first` and `last` row `[1, O, 1, W]`, resident
 * - with `withMoments`, `means` and `variances` of its rows `[1, O, H]`
 */
export function convSegmentGraph(
  { weights, numerics }: Pick<VaeGraphSource, 'weights' | 'numerics'>,
  segment: ConvSegment,
): BuiltGraph {
  const g = new GraphBuilder(`vae.${segment.conv}`);
  const layers = new Layers(g, weights, numerics);
  const { conv, channels, resize, skip } = segment;
  const strip = (name: string, rows: 'height' | 1) => g.input(name, 'float32', [1, channels, rows, 'width']);
  const activate = activation(layers, segment);
  const above = resize === 'halve' ? [] : [activate.edge(strip('above', 1), 'above')];
  const x = concat(
    g,
    [...above, activate.body(strip('rows', 'height')), activate.edge(strip('below', 1), 'below')],
    2,
  );
  const halved = resize === 'halve';
  const [height, width] = resize ? [`${resize} height`, `${resize} width`] : ['height', 'width'];
  const y = layers.conv(x, conv, {
    stride: halved ? 2 : 1,
    pads: halved ? [0, 0, 0, 1] : [0, 1, 0, 1],
    height,
    width,
  });
  const out = skip ? add(g, skipConnection(layers, skip), y) : y;
  g.output('out', out, { resident: !segment.toHost });
  if (!segment.toHost) {
    g.output('first', slice(g, out, 2, 0, 1, 1), { resident: true });
    g.output('last', slice(g, out, 2, -1, Number.POSITIVE_INFINITY, 1), { resident: true });
  }
  if (segment.withMoments) outputMoments(g, out);
  return g.finish();
}

/** The operations before the convolution, on a strip (`body`) and on the row above or below it (`edge`). */
function activation(layers: Layers, { norm, channels, resize }: ConvSegment) {
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
  const moment = (name: string) => g.input(name, 'float32', [channels, 1, 1]);
  const gain = mul(g, moment('inverse'), perChannel('weight'));
  const shift = sub(g, perChannel('bias'), mul(g, moment('mean'), gain));
  const activated = (x: Value) => silu(g, add(g, mul(g, x, gain), shift));
  const inside = g.input('inside', 'float32', [2, 1, 1, 1]);
  return {
    body: activated,
    edge: (x: Value, which: 'above' | 'below') =>
      mul(g, activated(x), which === 'above' ? slice(g, inside, 0, 0, 1) : slice(g, inside, 0, 1, 2)),
  };
}

function skipConnection(layers: Layers, { channels, shortcut }: NonNullable<ConvSegment['skip']>): Value {
  const x = layers.g.input('skip', 'float32', [1, channels, 'height', 'width']);
  if (shortcut === undefined) return x;
  return layers.conv(x, shortcut, { pads: [0, 0, 0, 0], height: 'height', width: 'width' });
}

function outputMoments(g: GraphBuilder, x: Value): void {
  const [, channels, height] = x.shape;
  const means = mean(g, x, 3);
  const centred = sub(g, x, reshape(g, means, [1, channels, height, 1]));
  g.output('means', means);
  g.output('variances', mean(g, mul(g, centred, centred), 3));
}

/**
 * The middle of the encoder or decoder up to its attention, on the whole map.
 *
 * Input: `map` `[1, C, height, width]`, latents or the encoder's last feature map.
 * Outputs: `x` `[1, C, height, width]`, `k` and `v` `[1, pixels, C]`, resident; `q` `[1, pixels, C]`.
 */
export function middleEntryGraph(
  { config, weights, numerics }: VaeGraphSource,
  part: 'encoder' | 'decoder',
): BuiltGraph {
  const g = new GraphBuilder(`vae.${part}.middle entry`);
  const blocks = new VaeBlocks(new Layers(g, weights, numerics), config);
  const widest = config.blockOutChannels[config.blockOutChannels.length - 1];
  const map = g.input('map', 'float32', [
    1,
    part === 'decoder' ? config.latentChannels : widest,
    'height',
    'width',
  ]);
  const start = part === 'decoder' ? blocks.conv3(map, 'decoder.conv_in') : map;
  const x = blocks.resnet(start, `${part}.mid_block.resnets.0`);
  const { q, k, v } = blocks.attentionInputs(x, `${part}.mid_block.attentions.0`);
  g.output('x', x, { resident: true });
  g.output('q', q);
  g.output('k', k, { resident: true });
  g.output('v', v, { resident: true });
  return g.finish();
}

/**
 * Attention of some pixels over all pixels.
 *
 * Inputs: `q` `[1, queries, C]`, `k` and `v` `[1, pixels, C]`.
 * Output: `out` `[1, queries, C]`.
 */
export function middleAttentionGraph({ config }: VaeGraphSource): BuiltGraph {
  const g = new GraphBuilder('vae.middle attention');
  const channels = config.blockOutChannels[config.blockOutChannels.length - 1];
  const [q, k, v] = ['q', 'k', 'v'].map((name) =>
    g.input(name, 'float32', [1, name === 'q' ? 'queries' : 'pixels', channels]),
  );
  g.output('out', attention(g, { q, k, v, heads: 1, scale: 1 / Math.sqrt(fixed(q, 2)) }));
  return g.finish();
}

/**
 * The middle after its attention, on the whole map.
 *
 * Inputs: `x` `[1, C, height, width]`, `attended` `[1, pixels, C]`, `middle_shape` (see
 * {@link VaeBlocks.middle}).
 * Output: `out` `[1, O, height, width]`, the encoder's moments or the decoder's first feature map.
 */
export function middleExitGraph(
  { config, weights, numerics }: VaeGraphSource,
  part: 'encoder' | 'decoder',
): BuiltGraph {
  const g = new GraphBuilder(`vae.${part}.middle exit`);
  const blocks = new VaeBlocks(new Layers(g, weights, numerics), config);
  const channels = config.blockOutChannels[config.blockOutChannels.length - 1];
  const x = g.input('x', 'float32', [1, channels, 'height', 'width']);
  const attended = g.input('attended', 'float32', [1, 'pixels', channels]);
  const sizes = g.input('middle_shape', 'int64', [4]);
  const y = blocks.resnet(
    blocks.attentionOutput(x, attended, sizes, `${part}.mid_block.attentions.0`),
    `${part}.mid_block.resnets.1`,
  );
  g.output(
    'out',
    part === 'encoder' ? blocks.conv3(blocks.activated(y, 'encoder.conv_norm_out'), 'encoder.conv_out') : y,
  );
  return g.finish();
}
