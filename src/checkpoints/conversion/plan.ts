/** Plans a conversion: the new format of every tensor, the reason, and its size before and after. */

import { OmniError } from '../../errors.ts';
import {
  type QuantizedMatrix,
  quantizedMatrix,
  STORED_SIZE_BYTES,
  type StoredTensor,
  type WeightIndex,
} from '../../tensors/stored.ts';
import { type Adapter, type Change, changesOf } from '../adapters/changes.ts';
import { isMatrix } from '../check.ts';
import { type Checkpoint, COMPONENTS, type ComponentName } from '../checkpoint.ts';
import type { ExpectedTensor } from '../expected.ts';
import type { FolderFile } from '../folder.ts';
import { LAYER_GROUP_BYTES } from '../layer-groups.ts';
import { BLOCK_SIZE } from '../quantize.ts';
import { isQuantized } from '../rows.ts';
import { elementCount } from '../safetensors.ts';
import {
  bitsOf,
  outputTensors,
  type TargetStorage,
  type TensorAction,
  type TensorStorage,
} from './actions.ts';
import { type PlannedFile, planFiles } from './files.ts';

/** Weight formats that a person can choose. */
export const WEIGHT_FORMATS = ['f32', 'f16', 'q8', 'q4'] as const;
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

export interface ConversionOptions {
  readonly weights: WeightFormat;
  /** Adapters to merge into the transformer before its matrices are stored. Default: none. */
  readonly adapters?: readonly Adapter[];
  /** Maximum size of a file, in bytes. Default: {@link LAYER_GROUP_BYTES}. */
  readonly maxFileBytes?: number;
  /**
   * Changes when a file of the source changes. A conversion that was interrupted starts over if it has
   * changed. Default: only sizes and places of tensors are compared.
   */
  readonly sourceVersion?: string;
}

/** Everything that `executeConversion` will do. */
export interface ConversionPlan {
  readonly checkpoint: Checkpoint;
  readonly options: ConversionOptions;
  /** The files of each component, in order. */
  readonly components: Readonly<Record<ComponentName, readonly PlannedFile[]>>;
  /** Files that are copied unchanged: configurations, processor, licence. */
  readonly copied: readonly FolderFile[];
  /** Tensors that the model does not use and that are left out, as `component: name`. */
  readonly dropped: readonly string[];
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** Quantizing saves almost nothing for matrices with fewer columns. */
const MIN_COLUMNS = 2 * BLOCK_SIZE;

/** The first and last layers of the transformer, and the timestep embedding that modulates every layer. */
const TRANSFORMER_ENDS =
  /^(x_embedder|ref_image_patch_embedder|norm_out\.|time_caption_embed\.timestep_embedder)/;

/** The token embedding table and the output projection of the language model. */
const VOCABULARY = /^(model\.embed_tokens|lm_head)\.weight$/;

/**
 * Plans the conversion of a checkpoint. Reads no weights.
 * @throws OmniError `bad_request` if no tensor would change; `bad_checkpoint` if adapters change weights
 * beyond the range of float16
 *
 * @example
 * const checkpoint = await openCheckpoint(nodeFolder('OmniGen2'));
 * const plan = await planConversion(checkpoint, { weights: 'q4' });
 * console.log(`${plan.beforeBytes} -> ${plan.afterBytes} bytes`);
 */
export async function planConversion(
  checkpoint: Checkpoint,
  options: ConversionOptions,
): Promise<ConversionPlan> {
  const changes = changesOf(options.adapters ?? []);
  const plan = (component: ComponentName) =>
    checkpoint.components[component].expected.map((tensor) =>
      planTensor(
        component,
        tensor,
        checkpoint.components[component].weights,
        options.weights,
        component === 'transformer' ? changes.get(tensor.name) : undefined,
      ),
    );
  const maxFileBytes = options.maxFileBytes ?? LAYER_GROUP_BYTES;
  const components = {
    transformer: planFiles('transformer', plan('transformer'), maxFileBytes),
    vae: planFiles('vae', plan('vae'), maxFileBytes),
    mllm: planFiles('mllm', plan('mllm'), maxFileBytes),
  };
  const actions = COMPONENTS.flatMap((component) => components[component].flatMap((file) => file.actions));
  if (actions.every(({ from, to, change }) => from === to && !change)) {
    throw new OmniError({
      code: 'bad_request',
      message: `${checkpoint.name} is already stored as ${options.weights}; nothing would change.`,
      action: `Choose another format of ${WEIGHT_FORMATS.join(', ')}.`,
    });
  }
  const legal = (await checkpoint.folder.list()).filter(({ path }) =>
    /^(readme|licen[cs]e|notice)[^/]*$/i.test(path),
  );
  const configs = COMPONENTS.flatMap((component) =>
    checkpoint.components[component].files.filter(({ path }) => /config\.json$/.test(path)),
  );
  return {
    checkpoint,
    options,
    components,
    copied: [...checkpoint.files, ...configs, ...legal],
    dropped: COMPONENTS.flatMap((component) =>
      checkpoint.components[component].extraTensors.map((name) => `${component}: ${name}`),
    ),
    beforeBytes: actions.reduce((sum, { beforeBytes }) => sum + beforeBytes, 0),
    afterBytes: actions.reduce((sum, { afterBytes }) => sum + afterBytes, 0),
  };
}

function planTensor(
  component: ComponentName,
  tensor: ExpectedTensor,
  weights: WeightIndex,
  format: WeightFormat,
  change: Change | undefined,
): TensorAction {
  const { name, shape } = tensor;
  const source = (isMatrix(tensor) ? quantizedMatrix(weights, name) : undefined) ?? weights.get(name);
  if (!source) throw new Error(`the opened checkpoint has no ${name}`);
  const from = storageOf(source);
  const { to, reason } = decide(component, tensor, from, format);
  const ranks = change?.map(({ rank }) => rank).join(' + ');
  const lost = from === 'q4' && to === 'q4' ? '; 4 bits lose much of a small change' : '';
  const added = ranks ? `, LoRA of rank ${ranks} merged first${lost}` : '';
  const action = { name, shape, source, from, to };
  return {
    ...action,
    reason: reason + added,
    ...(change && { change }),
    beforeBytes: isQuantized(source) ? source.codes.sizeBytes + source.scales.sizeBytes : source.sizeBytes,
    afterBytes: outputTensors(action).reduce(
      (sum, output) => sum + elementCount(output.shape) * STORED_SIZE_BYTES[output.dtype],
      0,
    ),
  };
}

function decide(
  component: ComponentName,
  tensor: ExpectedTensor,
  from: TensorStorage,
  format: WeightFormat,
): { to: TargetStorage; reason: string } {
  const { name, shape } = tensor;
  if (format === 'f32') return { to: 'F32', reason: 'as requested' };
  if (!isMatrix(tensor) && shape.length <= 2) {
    // bfloat16 has a wider range than float16, and gains and biases keep their exact value.
    const to = from === 'F16' ? 'F16' : 'F32';
    return {
      to,
      reason: `${name.endsWith('.bias') ? 'bias' : 'gain or small table'}: a thousandth of the size, so it stays exact`,
    };
  }
  if (format === 'f16') return { to: 'F16', reason: 'as requested' };
  if (shape.length > 2) return { to: 'F16', reason: 'convolution: no engine runs it quantized' };
  if (component === 'vae') return { to: 'F16', reason: 'VAE: small, and its errors are directly visible' };
  if (shape[1] < MIN_COLUMNS) return { to: 'F16', reason: `only ${shape[1]} columns: nothing to save` };
  if (component === 'transformer' && TRANSFORMER_ENDS.test(name)) {
    return { to: 'F16', reason: 'first, last or timestep layer: small, and it affects everything' };
  }
  if (format === 'q4' && VOCABULARY.test(name)) {
    return { to: 'q8', reason: 'vocabulary: every token depends on it, so 8 bits' };
  }
  if (from === format) return { to: format, reason: 'already in this format' };
  if (from === 'q4') return { to: format, reason: 'matrix; the precision that 4 bits lost is not restored' };
  return { to: format, reason: `matrix: ${bitsOf(format)} bits, blocks of ${BLOCK_SIZE}` };
}

function storageOf(source: StoredTensor | QuantizedMatrix): TensorStorage {
  if (isQuantized(source)) return source.bits === 4 ? 'q4' : 'q8';
  const { dtype } = source;
  if (dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') return dtype;
  throw new Error(`the opened checkpoint has ${source.name} as ${source.dtype}`);
}
