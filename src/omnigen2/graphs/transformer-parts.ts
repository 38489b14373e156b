/**
 * What the graphs of the diffusion transformer share: their parts, rotary inputs and the timestep embedding.
 */

import type { TransformerConfig } from '../../config/config.ts';
import { floats, type TensorSpec } from '../../onnx/define-graph.ts';
import type { Dim, GraphBuilder, Value } from '../../onnx/graph.ts';
import { silu } from '../../onnx/ops/arithmetic.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers } from './layers.ts';
import type { Numerics } from './numerics.ts';
import { paddedSize, type TransformerAxes, transformerAxes } from './padding.ts';
import type { Tap } from './tap.ts';
import type { RopeValues } from './transformer-attention.ts';

/** What a graph of the transformer is built from. */
export interface TransformerParts {
  readonly config: TransformerConfig;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
  /** Whether inner stages are outputs too, under their own names. */
  readonly taps: boolean;
  /** Number of parts that the queries of one attention are split into. Parts run one after another. */
  readonly attentionParts: number;
}

/** Adds layers to one graph of the transformer. */
export interface TransformerGraph extends TransformerParts {
  readonly layers: Layers;
  readonly axes: TransformerAxes;
  /** Makes a stage an output of the graph, if the graph has taps. */
  readonly tap: Tap;
}

export function startGraph(g: GraphBuilder, parts: TransformerParts): TransformerGraph {
  return {
    ...parts,
    layers: new Layers(g, parts.weights, parts.numerics),
    axes: axesOf(parts),
    tap: (stage, value) => {
      if (parts.taps) g.output(stage, value);
    },
  };
}

/** Prefixes the names of stages with the name of a block. */
export function within(tap: Tap, block: string): Tap {
  return (stage, value) => tap(`${block}_${stage}`, value);
}

/** The axes of the graphs of a step. */
export function axesOf({ config, numerics }: Pick<TransformerParts, 'config' | 'numerics'>): TransformerAxes {
  return transformerAxes(config, numerics.padded ?? false);
}

/** Width of the token streams of a step. */
export function streamWidth(parts: Pick<TransformerParts, 'config' | 'numerics'>): number {
  return paddedSize(axesOf(parts).hidden);
}

/** Rotary angles of `rows` rows, both `[rows, headDim / 2]`. */
export function ropeInputs({ queries }: TransformerAxes, rows: Dim): Record<keyof RopeValues, TensorSpec> {
  return { cosines: floats(rows, queries.padded / 2), sines: floats(rows, queries.padded / 2) };
}

/** Number of values of one latent patch, channel fastest. */
export function patchWidth(config: TransformerConfig): number {
  return config.patchSize ** 2 * config.inChannels;
}

/**
 * `silu` of the timestep embedding `[1, T]`.
 * @param sinusoid `[1, timestepFrequencyDim]`
 * Source: OmniGen2 `models/embeddings.py`, TimestepEmbedding.forward
 */
export function activatedTimestep({ layers, tap }: TransformerGraph, sinusoid: Value): Value {
  const { g } = layers;
  const name = 'time_caption_embed.timestep_embedder';
  const inner = silu(g, layers.linear(sinusoid, `${name}.linear_1`));
  const embedded = layers.linear(inner, `${name}.linear_2`);
  tap('timestep_embed', embedded);
  return silu(g, embedded);
}
