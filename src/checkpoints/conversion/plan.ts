/** Plans a conversion of weights: what becomes of every tensor, why, and how large it is before and after. */

import { OmniError } from '../../errors.ts';
import {
  QUANTIZED_SUFFIX,
  type QuantizedMatrix,
  quantizedMatrix,
  STORED_SIZE_BYTES,
  type StoredDtype,
  type StoredTensor,
  type WeightIndex,
} from '../../tensors/stored.ts';
import { type Adapter, type Change, changesOf } from '../adapters/changes.ts';
import { isMatrix } from '../check.ts';
import { type Checkpoint, COMPONENTS, type ComponentName } from '../checkpoint.ts';
import type { ExpectedTensor } from '../expected.ts';
import type { FolderFile } from '../folder.ts';
import { BLOCK_SIZE } from '../quantize.ts';
import { isQuantized } from '../rows.ts';
import { elementCount } from '../safetensors.ts';

/** What weights a person can ask for. */
export const WEIGHT_FORMATS = ['f32', 'f16', 'q8', 'q4'] as const;
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

/** How one tensor is stored: as floats, or block-quantized. */
export type TensorStorage = 'F64' | 'F32' | 'F16' | 'BF16' | 'q8' | 'q4';
/** What a conversion writes: bfloat16 would have to be widened on every load, float64 narrowed. */
export type TargetStorage = Exclude<TensorStorage, 'BF16' | 'F64'>;

export interface ConversionOptions {
  readonly weights: WeightFormat;
  /** Merged into the transformer before its matrices are stored. */
  readonly adapters?: readonly Adapter[];
  /** Larger components are split into several files. */
  readonly maxFileBytes?: number;
}

/** What happens to one tensor. */
export interface TensorAction {
  /** The official name. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: StoredTensor | QuantizedMatrix;
  readonly from: TensorStorage;
  readonly to: TargetStorage;
  /** Why it is stored this way, in words. */
  readonly reason: string;
  /** What adapters add to it before it is stored. */
  readonly change?: Change;
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** A safetensors file that a conversion writes. */
export interface PlannedFile {
  readonly path: string;
  readonly actions: readonly TensorAction[];
}

/** Everything a conversion will do; nothing has been done yet. */
export interface ConversionPlan {
  readonly checkpoint: Checkpoint;
  readonly options: ConversionOptions;
  /** The files of each component, in order. */
  readonly components: Readonly<Record<ComponentName, readonly PlannedFile[]>>;
  /** Files that are copied unchanged: configurations, processor, licence. */
  readonly copied: readonly FolderFile[];
  /** Tensors that the model has no use for and that are left out, as `component: name`. */
  readonly dropped: readonly string[];
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** What browsers still read as one piece of memory, and version control hosts as one file. */
const MAX_FILE_BYTES = 1.9e9;

/** Names that the official loaders look for. */
const FILE_STEM: Readonly<Record<ComponentName, string>> = {
  transformer: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
  mllm: 'model',
};

/** Matrices with fewer columns save next to nothing by quantizing. */
const MIN_COLUMNS = 2 * BLOCK_SIZE;

/** Where the signal enters and leaves the transformer, and what modulates every layer. */
const TRANSFORMER_ENDS =
  /^(x_embedder|ref_image_patch_embedder|norm_out\.|time_caption_embed\.timestep_embedder)/;

/** Token lookup and output projection. */
const VOCABULARY = /^(model\.embed_tokens|lm_head)\.weight$/;

/**
 * Decides what becomes of every tensor.
 * @throws OmniError `bad_request` if nothing would change, `bad_checkpoint` if adapters add more than a weight can be.
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
  const maxFileBytes = options.maxFileBytes ?? MAX_FILE_BYTES;
  const components = {
    transformer: splitFiles('transformer', plan('transformer'), maxFileBytes),
    vae: splitFiles('vae', plan('vae'), maxFileBytes),
    mllm: splitFiles('mllm', plan('mllm'), maxFileBytes),
  };
  const actions = COMPONENTS.flatMap((component) => components[component].flatMap((file) => file.actions));
  if (actions.every(({ from, to, change }) => from === to && !change)) {
    throw new OmniError({
      code: 'bad_request',
      message: `${checkpoint.name} is stored as ${options.weights} already; nothing would change.`,
      action: `Ask for another of ${WEIGHT_FORMATS.join(', ')}.`,
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

/** The tensors that an action writes: one, or codes and scales. */
export function outputTensors({
  name,
  shape,
  to,
  source,
}: Pick<TensorAction, 'name' | 'shape' | 'to' | 'source'>): {
  name: string;
  dtype: StoredDtype;
  shape: number[];
}[] {
  if (to !== 'q8' && to !== 'q4') return [{ name, dtype: to, shape: [...shape] }];
  const bits = bitsOf(to);
  const blockSize = isQuantized(source) && source.bits === bits ? source.blockSize : BLOCK_SIZE;
  const [rows, columns] = shape;
  const blocks = Math.ceil(columns / blockSize);
  return [
    { name: name + QUANTIZED_SUFFIX[to], dtype: 'U8', shape: [rows, blocks, (blockSize * bits) / 8] },
    { name: name + QUANTIZED_SUFFIX.scales, dtype: 'F16', shape: [rows, blocks] },
  ];
}

export function bitsOf(storage: 'q8' | 'q4'): 4 | 8 {
  return storage === 'q4' ? 4 : 8;
}

/** The name of the index that lists which tensor is in which of several files. */
export function indexFileName(component: ComponentName): string {
  return `${component}/${FILE_STEM[component]}.safetensors.index.json`;
}

/** Distributes tensors over files, in order, none above the limit unless one tensor alone is. */
function splitFiles(
  component: ComponentName,
  actions: readonly TensorAction[],
  maxFileBytes: number,
): PlannedFile[] {
  const groups: TensorAction[][] = [[]];
  let size = 0;
  for (const action of actions) {
    if (size > 0 && size + action.afterBytes > maxFileBytes) {
      groups.push([]);
      size = 0;
    }
    groups[groups.length - 1].push(action);
    size += action.afterBytes;
  }
  const stem = `${component}/${FILE_STEM[component]}`;
  const number = (n: number) => String(n).padStart(5, '0');
  return groups.map((group, i) => ({
    path:
      groups.length === 1
        ? `${stem}.safetensors`
        : `${stem}-${number(i + 1)}-of-${number(groups.length)}.safetensors`,
    actions: group,
  }));
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
  const lost = from === 'q4' && to === 'q4' ? '; 4 bits keep little of a small change' : '';
  const added = ranks ? `, LoRA of rank ${ranks} merged before${lost}` : '';
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
  if (format === 'f32') return { to: 'F32', reason: 'as asked' };
  if (!isMatrix(tensor) && shape.length <= 2) {
    // bfloat16 has a wider range than float16; what scales everything else keeps its exact value.
    const to = from === 'F16' ? 'F16' : 'F32';
    return {
      to,
      reason: `${name.endsWith('.bias') ? 'bias' : 'gain or small table'}: a thousandth of the size, kept exact`,
    };
  }
  if (format === 'f16') return { to: 'F16', reason: 'as asked' };
  if (shape.length > 2) return { to: 'F16', reason: 'convolution: no engine runs it quantized' };
  if (component === 'vae')
    return { to: 'F16', reason: 'autoencoder: small, and its errors are seen directly' };
  if (shape[1] < MIN_COLUMNS) return { to: 'F16', reason: `only ${shape[1]} columns: nothing to save` };
  if (component === 'transformer' && TRANSFORMER_ENDS.test(name)) {
    return { to: 'F16', reason: 'first, last or timestep layer: small, and everything passes through it' };
  }
  if (format === 'q4' && VOCABULARY.test(name)) {
    return { to: 'q8', reason: 'vocabulary: every prompt and every word depends on it, so 8 bits' };
  }
  if (from === format) return { to: format, reason: 'quantized like this already' };
  if (from === 'q4') return { to: format, reason: 'matrix; what 4 bits lost earlier does not come back' };
  return { to: format, reason: `matrix: ${bitsOf(format)} bits, blocks of ${BLOCK_SIZE}` };
}

function storageOf(source: StoredTensor | QuantizedMatrix): TensorStorage {
  if (isQuantized(source)) return source.bits === 4 ? 'q4' : 'q8';
  const { dtype } = source;
  if (dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') return dtype;
  throw new Error(`the opened checkpoint has ${source.name} as ${source.dtype}`);
}
