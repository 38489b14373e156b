/**
 * Reads low-rank adapters of the diffusion transformer: W' = W + (alpha / rank) * B A.
 *
 * Reads the names of peft and diffusers (`transformer.<path>.lora_A.weight`), of earlier diffusers
 * (`<path>.lora.down.weight`) and of kohya (`lora_unet_<path with underscores>.lora_down.weight`). Alpha
 * comes from the pair's alpha tensor, else from the settings of the trainer. By default it is the rank.
 *
 * Sources: diffusers loaders/lora_pipeline.py, loaders/lora_conversion_utils.py and utils/state_dict_utils.py
 * (UNET_TO_DIFFUSERS); OmniGen2 omnigen2/pipelines/lora_pipeline.py
 */

import { OmniError } from '../../errors.ts';
import { isMatrix } from '../check.ts';
import type { ExpectedTensor } from '../expected.ts';
import { readTensors, type TensorBytes, toFloat32 } from '../safetensors.ts';
import { type LoraSettings, parseAdapterConfig, scaleFrom, settingsInHeader } from './settings.ts';

/** The change of one matrix `[N, K]`. */
export interface LoraPair {
  /** `[rank, K]` row-major. */
  readonly down: Float32Array;
  /** `[N, rank]` row-major. */
  readonly up: Float32Array;
  readonly rank: number;
  /** Factor of the product `up @ down`: alpha / rank. */
  readonly scale: number;
}

/** A LoRA file in memory: its pairs, by the name of the weight that they change. */
export interface Lora {
  readonly file: string;
  readonly pairs: ReadonlyMap<string, LoraPair>;
}

type Role = 'down' | 'up' | 'alpha';

/** Endings of the names of a pair's three tensors, in all known spellings. */
const ENDINGS: readonly [ending: RegExp, role: Role][] = [
  // peft writes the adapter's name before `weight`.
  [/\.lora_A(\.[^.]+)?\.weight$/, 'down'],
  [/(\.lora_|[._]lora\.)down\.weight$/, 'down'],
  [/\.lora_B(\.[^.]+)?\.weight$/, 'up'],
  [/(\.lora_|[._]lora\.)up\.weight$/, 'up'],
  [/\.alpha$/, 'alpha'],
];

/** Names of tensors that only unsupported kinds of adapters have. */
const OTHER_KINDS: readonly [pattern: RegExp, kind: string][] = [
  [/dora_scale|lora_magnitude_vector/, 'a DoRA adapter'],
  [/\.lora_B(\.[^.]+)?\.bias$/, 'a LoRA adapter with biases'],
  [/\.lokr_/, 'a LoKr adapter'],
  [/\.hada_/, 'a LoHa adapter'],
  [/\.diff(_b)?$/, 'an adapter of full weight differences'],
];
const PREFIXES = /^(base_model\.model\.)?(transformer\.|diffusion_model\.)?/;
const KOHYA_PREFIXES = /^lora_(unet|transformer)_/;

/**
 * Browsers cannot read a larger file into one buffer. An adapter of rank 128 for the released model has a
 * third of it.
 */
const MAX_FILE_BYTES = 1.9e9;

/**
 * Checks the size of an adapter file before it is read.
 * @throws OmniError `bad_checkpoint` above 1.9 GB
 */
export function checkLoraSize(sizeBytes: number, file: string): void {
  if (sizeBytes <= MAX_FILE_BYTES) return;
  throw doesNotFit(
    `${file} has ${(sizeBytes / 1e9).toFixed(1)} GB; adapters have at most ${MAX_FILE_BYTES / 1e9} GB`,
  );
}

/** Names of the files that peft writes: the settings, and the weights. Source: peft utils/constants.py */
export const PEFT_SETTINGS = 'adapter_config.json';
export const PEFT_WEIGHTS = 'adapter_model.safetensors';

export interface LoraReadOptions {
  /**
   * The bytes of the file's `adapter_config.json`. Default: the settings in the file's header, if it has any.
   */
  readonly config?: Uint8Array;
  /**
   * Scales pairs as the official loader does, which reads no settings: the rank of the first pair in order of
   * names is the alpha of all pairs, so pairs of another rank get a wrong scale. Default: false.
   * Source: diffusers utils/peft_utils.py, get_peft_kwargs
   */
  readonly official?: boolean;
}

/**
 * Reads an adapter and checks that all its tensors fit the transformer.
 * @param file the file's name, for messages
 * @param expected the tensors of the transformer: `checkpoint.components.transformer.expected`
 * @throws OmniError `bad_checkpoint` if the file is damaged or for another model, `unsupported` for other
 * kinds of adapters
 *
 * @example
 * const bytes = await readFile('style.safetensors');
 * const lora = readLora(bytes, 'style.safetensors', checkpoint.components.transformer.expected);
 * const adapted = withAdapters(checkpoint, [{ lora, strength: 1 }], runtime);
 */
export function readLora(
  bytes: Uint8Array,
  file: string,
  expected: readonly ExpectedTensor[],
  { config, official = false }: LoraReadOptions = {},
): Lora {
  checkLoraSize(bytes.length, file);
  const targets = new Map(expected.filter(isMatrix).map((tensor) => [tensor.name, tensor]));
  const byKohyaName = new Map(
    [...targets.keys()].map((name) => [modulePath(name).replaceAll('.', '_'), name]),
  );
  const parts = new Map<string, Partial<Record<Role, TensorBytes>>>();
  const tensors = readTensors(bytes, file);
  if (tensors.size === 0) throw doesNotFit(`${file} holds no tensors`);
  for (const [key, tensor] of tensors) {
    const other = OTHER_KINDS.find(([pattern]) => pattern.test(key))?.[1];
    if (other !== undefined) {
      throw new OmniError({
        code: 'unsupported',
        message: `${file}: ${key} belongs to ${other}, which is not supported.`,
        action: 'Use a plain LoRA adapter.',
      });
    }
    const ending = ENDINGS.find(([pattern]) => pattern.test(key));
    if (!ending) throw doesNotFit(`${file}: ${key} is not part of a LoRA adapter`);
    const [pattern, role] = ending;
    const path = key.replace(pattern, '').replace(/\.to_out$/, '.to_out.0');
    const target = KOHYA_PREFIXES.test(path)
      ? byKohyaName.get(path.replace(KOHYA_PREFIXES, ''))
      : `${path.replace(PREFIXES, '')}.weight`;
    if (target === undefined || !targets.has(target)) {
      throw doesNotFit(`${file}: ${key} changes a layer that this transformer does not have`);
    }
    const part = parts.get(target) ?? {};
    if (part[role]) throw doesNotFit(`${file}: ${key} occurs twice, under two names`);
    part[role] = tensor;
    parts.set(target, part);
  }
  const settings = config
    ? parseAdapterConfig(config, `${PEFT_SETTINGS} of ${file}`)
    : settingsInHeader(bytes, file);
  const scale = official ? officialScale(tensors) : scaleBySettings(settings);
  const pairs = new Map<string, LoraPair>();
  for (const [name, part] of parts) {
    const target = targets.get(name);
    if (target) pairs.set(name, pairOf(part, target, file, scale));
  }
  return { file, pairs };
}

/** The scale of a pair that has no alpha tensor. */
type ScaleOf = (path: string, rank: number) => number;

function scaleBySettings(settings: LoraSettings | undefined): ScaleOf {
  return (path, rank) => (settings ? scaleFrom(settings, path, rank) : 1);
}

function officialScale(tensors: ReadonlyMap<string, TensorBytes>): ScaleOf {
  const first = [...tensors.keys()].filter((key) => /\.lora_B\./.test(key)).sort()[0];
  const alpha = tensors.get(first)?.shape[1];
  return (_, rank) => (alpha ?? rank) / rank;
}

function pairOf(
  { down, up, alpha }: Partial<Record<Role, TensorBytes>>,
  target: ExpectedTensor,
  file: string,
  scaleOf: ScaleOf,
): LoraPair {
  const path = modulePath(target.name);
  if (!down || !up) {
    throw doesNotFit(
      `${file}: ${path} has ${down ? 'lora_A but no lora_B' : up ? 'lora_B but no lora_A' : 'an alpha but no matrices'}`,
    );
  }
  const [rows, columns] = target.shape;
  const rank = down.shape[0];
  const fits =
    down.shape.length === 2 && up.shape.length === 2 && down.shape[1] === columns && up.shape[0] === rows;
  if (!fits || up.shape[1] !== rank || !(rank > 0)) {
    throw doesNotFit(
      `${file}: ${path} has lora_A [${down.shape.join(', ')}] and lora_B [${up.shape.join(', ')}], which do not make a matrix [${rows}, ${columns}]`,
    );
  }
  const matrices = { down: floats(down, path, file), up: floats(up, path, file), rank };
  if (alpha) {
    // Some trainers write alpha as an integer.
    const [value] = toFloat32(alpha.bytes, alpha.dtype);
    if (!Number.isFinite(value)) throw doesNotFit(`${file}: the alpha of ${path} is not a number`);
    return { ...matrices, scale: value / rank };
  }
  return { ...matrices, scale: scaleOf(path, rank) };
}

function floats({ bytes, dtype }: TensorBytes, path: string, file: string): Float32Array {
  if (!['F64', 'F32', 'F16', 'BF16'].includes(dtype))
    throw doesNotFit(`${file}: ${path} is stored as ${dtype}, not as floats`);
  const values = toFloat32(bytes, dtype);
  if (!values.every(Number.isFinite)) throw doesNotFit(`${file}: ${path} holds values that are not numbers`);
  return values;
}

function modulePath(weightName: string): string {
  return weightName.replace(/\.weight$/, '');
}

function doesNotFit(message: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${message}.`,
    action: 'Use a LoRA adapter that was trained for the transformer of this checkpoint.',
  });
}
