/** What the diffusion transformer's graphs have in common: what they are built from, and how their stages are named. */

import type { TransformerConfig } from '../../config/config.ts';
import { type Dim, GraphBuilder, type Value } from '../../onnx/graph.ts';
import { silu } from '../../onnx/ops/arithmetic.ts';
import type { WeightIndex } from '../../tensors/stored.ts';
import { Layers, type Numerics } from './layers.ts';
import type { Tap } from './tap.ts';
import type { RopeValues } from './transformer-attention.ts';

/** What a graph of the diffusion transformer is built from. */
export interface TransformerParts {
  readonly config: TransformerConfig;
  readonly weights: WeightIndex;
  readonly numerics: Numerics;
  /** Whether the graph gives its inner stages too, each as an output under its own name. */
  readonly taps?: boolean;
  /** In how many parts the rows of a long stream look at all others, one part after another; one if nothing is said. */
  readonly attentionParts?: number;
}

/** A graph of the transformer under construction. */
export interface TransformerGraph {
  readonly layers: Layers;
  readonly config: TransformerConfig;
  /** Whether the graph gives its inner stages too. */
  readonly taps: boolean;
  readonly attentionParts: number;
  /** Makes a stage an output of the graph, where the graph has taps. */
  readonly tap: Tap;
}

export function startGraph(
  part: string,
  { config, weights, numerics, taps = false, attentionParts = 1 }: TransformerParts,
): TransformerGraph {
  const g = new GraphBuilder(`transformer.${part}`);
  return {
    layers: new Layers(g, weights, numerics),
    config,
    taps,
    attentionParts,
    tap: (stage, value) => {
      if (taps) g.output(stage, value);
    },
  };
}

/** Names the stages of one block after the block. */
export function within(tap: Tap, block: string): Tap {
  return (stage, value) => tap(`${block}_${stage}`, value);
}

/** Declares the inputs `${prefix}cosines` and `${prefix}sines`, `[rows, headDim / 2]`. */
export function ropeInputs({ layers, config }: TransformerGraph, rows: Dim, prefix = ''): RopeValues {
  const shape = [rows, config.headDim / 2];
  return {
    cosines: layers.g.input(`${prefix}cosines`, 'float32', shape),
    sines: layers.g.input(`${prefix}sines`, 'float32', shape),
  };
}

/** Values of one latent patch, the channel fastest. */
export function patchWidth(config: TransformerConfig): number {
  return config.patchSize ** 2 * config.inChannels;
}

/**
 * `silu` of the timestep embedding `[1, T]`, from the input `sinusoid` `[1, timestepFrequencyDim]`.
 * Source: `models/embeddings.py`, TimestepEmbedding.forward
 */
export function activatedTimestep({ layers, config, tap }: TransformerGraph): Value {
  const { g } = layers;
  const name = 'time_caption_embed.timestep_embedder';
  const sinusoid = g.input('sinusoid', 'float32', [1, config.timestepFrequencyDim]);
  const inner = silu(g, layers.linear(sinusoid, `${name}.linear_1`));
  const embedded = layers.linear(inner, `${name}.linear_2`);
  tap('timestep_embed', embedded);
  return silu(g, embedded);
}
