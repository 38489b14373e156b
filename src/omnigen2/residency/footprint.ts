/** How much memory the parts of a model take on a runtime, before anything is loaded. */

import type { Checkpoint } from '../../checkpoints/checkpoint.ts';
import type { LayerRange } from '../../checkpoints/layer-groups.ts';
import type { ModelConfig } from '../../config/config.ts';
import type { Runtime } from '../../runtime/types.ts';
import { QUANTIZED_SUFFIX, quantizedMatrix, type WeightIndex } from '../../tensors/stored.ts';
import { heldSizeBytes, type Numerics, numericsFor, widenedBytes } from '../graphs/numerics.ts';
import { layerRanges, packsBranches } from './layer-ranges.ts';

/** Bytes of weights, in the form in which sessions hold them. */
export interface Footprint {
  readonly backend: Runtime['backend'];
  readonly config: ModelConfig;
  /** Whether guidance branches run one after another; see {@link packsBranches}. */
  readonly isLarge: boolean;
  /** Each range of decoder layers of the mllm. */
  readonly decoderRanges: readonly number[];
  /** Each range of main layers of the transformer. */
  readonly transformerRanges: readonly number[];
  /** Context refiner, noise refiner with embedding and head, and reference refiner of the transformer. */
  readonly contextBytes: number;
  readonly embedBytes: number;
  readonly referenceBytes: number;
  readonly vaeEncoderBytes: number;
  readonly vaeDecoderBytes: number;
  /** The largest quantized matrix as float32, which WebAssembly widens for each product. 0 elsewhere. */
  readonly widenedMatrixBytes: number;
}

/** The footprint of a checkpoint. Reads no weights. */
export function footprintOf(
  { components, config }: Pick<Checkpoint, 'components' | 'config'>,
  runtime: Pick<Runtime, 'backend' | 'halfPrecision' | 'kernels'>,
): Footprint {
  const { mllm, transformer, vae } = components;
  const numerics = {
    mllm: numericsFor(runtime, mllm.weights),
    transformer: numericsFor(runtime, transformer.weights),
    vae: numericsFor(runtime, vae.weights),
  };
  const ofTransformer = (...prefixes: readonly string[]) =>
    prefixes.reduce(
      (sum, prefix) => sum + heldSizeBytes(transformer.weights, prefix, numerics.transformer),
      0,
    );
  const ranges = (weights: WeightIndex, prefix: string, count: number, how: Numerics) =>
    layerRanges(weights, prefix, count).map((range) => rangeBytes(weights, prefix, range, how));
  // The engine of Node keeps the weights of convolutions in a second layout.
  const layouts = runtime.backend === 'node' ? 2 : 1;
  return {
    backend: runtime.backend,
    config,
    isLarge: !packsBranches(transformer, numerics.transformer),
    decoderRanges: ranges(mllm.weights, 'model.layers.', config.mllm.language.numHiddenLayers, numerics.mllm),
    transformerRanges: ranges(
      transformer.weights,
      'layers.',
      config.transformer.numLayers,
      numerics.transformer,
    ),
    contextBytes: ofTransformer('context_refiner.', 'time_caption_embed.caption_embedder.'),
    embedBytes: ofTransformer('noise_refiner.', 'x_embedder.', 'norm_out.', 'time_caption_embed.timestep'),
    referenceBytes: ofTransformer('ref_image_refiner.', 'ref_image_patch_embedder.', 'image_index_embedding'),
    vaeEncoderBytes: layouts * heldSizeBytes(vae.weights, 'encoder.', numerics.vae),
    vaeDecoderBytes: layouts * heldSizeBytes(vae.weights, 'decoder.', numerics.vae),
    widenedMatrixBytes:
      runtime.backend === 'wasm'
        ? Math.max(
            numerics.mllm.quantized === 'native' ? largestWidened(mllm.weights, 'model.layers.') : 0,
            numerics.transformer.quantized === 'native' ? largestWidened(transformer.weights, 'layers.') : 0,
          )
        : 0,
  };
}

function rangeBytes(weights: WeightIndex, prefix: string, { from, to }: LayerRange, numerics: Numerics) {
  let bytes = 0;
  for (let i = from; i < to; i++) bytes += heldSizeBytes(weights, `${prefix}${i}.`, numerics);
  return bytes;
}

function largestWidened(weights: WeightIndex, prefix: string): number {
  const matrices = weights.names
    .filter((name) => name.startsWith(prefix) && name.endsWith(QUANTIZED_SUFFIX.scales))
    .flatMap((name) => quantizedMatrix(weights, name.slice(0, -QUANTIZED_SUFFIX.scales.length)) ?? []);
  return Math.max(0, ...matrices.map(widenedBytes));
}
