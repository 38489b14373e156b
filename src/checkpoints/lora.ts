/**
 * Low-rank adapters of the diffusion transformer: W' = W + (alpha / rank) * B A.
 *
 * Reads what peft and diffusers write (`transformer.<path>.lora_A.weight`) and what kohya writes
 * (`lora_unet_<path with underscores>.lora_down.weight`). Without a stored alpha it equals the rank.
 * Source: diffusers loaders/lora_pipeline.py and lora_conversion_utils.py; OmniGen2 omnigen2/pipelines/lora_pipeline.py
 */

import { OmniError } from '../errors.ts';
import { isMatrix } from './check.ts';
import type { ExpectedTensor } from './expected.ts';
import { readTensors, type TensorBytes, toFloat32 } from './safetensors.ts';

/** The change of one matrix `[N, K]`. */
export interface LoraPair {
  /** `[rank, K]` row-major. */
  readonly down: Float32Array;
  /** `[N, rank]` row-major. */
  readonly up: Float32Array;
  readonly rank: number;
  /** alpha / rank. */
  readonly scale: number;
}

/** An adapter: what it adds, by the name of the weight it adds to. */
export interface Lora {
  readonly file: string;
  readonly pairs: ReadonlyMap<string, LoraPair>;
}

type Role = 'down' | 'up' | 'alpha';

/** Endings of the three tensors of a pair, in the spellings that exist. */
const ENDINGS: readonly [ending: RegExp, role: Role][] = [
  [/\.lora_A(\.default)?\.weight$/, 'down'],
  [/\.lora_down\.weight$/, 'down'],
  [/\.lora_B(\.default)?\.weight$/, 'up'],
  [/\.lora_up\.weight$/, 'up'],
  [/\.alpha$/, 'alpha'],
];
const PREFIXES = /^(base_model\.model\.)?(transformer\.|diffusion_model\.)?/;
const KOHYA_PREFIXES = /^lora_(unet|transformer)_/;

/**
 * Reads an adapter and checks that every part of it fits the transformer.
 * @param expected the tensors of the transformer it is for.
 * @throws OmniError `bad_checkpoint` if the file is broken or made for another model, `unsupported` for DoRA.
 */
export function readLora(bytes: Uint8Array, file: string, expected: readonly ExpectedTensor[]): Lora {
  const targets = new Map(expected.filter(isMatrix).map((tensor) => [tensor.name, tensor]));
  const byKohyaName = new Map(
    [...targets.keys()].map((name) => [modulePath(name).replaceAll('.', '_'), name]),
  );
  const parts = new Map<string, Partial<Record<Role, TensorBytes>>>();
  const tensors = readTensors(bytes, file);
  if (tensors.size === 0) throw doesNotFit(`${file} holds no tensors`);
  for (const [key, tensor] of tensors) {
    if (key.includes('dora_scale') || key.includes('lora_magnitude_vector')) {
      throw new OmniError({
        code: 'unsupported',
        message: `${file}: ${key} belongs to a DoRA adapter, which needs more than low-rank matrices.`,
        action: 'Use a plain LoRA adapter.',
      });
    }
    const ending = ENDINGS.find(([pattern]) => pattern.test(key));
    if (!ending) throw doesNotFit(`${file}: ${key} is no part of a LoRA adapter`);
    const [pattern, role] = ending;
    const path = key.replace(pattern, '');
    const target = KOHYA_PREFIXES.test(path)
      ? byKohyaName.get(path.replace(KOHYA_PREFIXES, ''))
      : `${path.replace(PREFIXES, '')}.weight`;
    if (target === undefined || !targets.has(target)) {
      throw doesNotFit(`${file}: ${key} changes a layer that this transformer does not have`);
    }
    const part = parts.get(target) ?? {};
    if (part[role]) throw doesNotFit(`${file}: ${key} is there twice, under two names`);
    part[role] = tensor;
    parts.set(target, part);
  }
  const pairs = new Map<string, LoraPair>();
  for (const [name, part] of parts) {
    const target = targets.get(name);
    if (target) pairs.set(name, pairOf(part, target, file));
  }
  return { file, pairs };
}

/**
 * Adds an adapter's change to some rows of a matrix, in place.
 * @param weight `[rows, K]` row-major: the rows of the matrix from `firstRow`.
 */
export function mergeLora(weight: Float32Array, { down, up, rank, scale }: LoraPair, firstRow = 0): void {
  const columns = down.length / rank;
  const rows = weight.length / columns;
  for (let row = 0; row < rows; row++) {
    for (let r = 0; r < rank; r++) {
      const factor = scale * up[(firstRow + row) * rank + r];
      if (factor === 0) continue;
      for (let column = 0; column < columns; column++) {
        weight[row * columns + column] += factor * down[r * columns + column];
      }
    }
  }
}

function pairOf(
  { down, up, alpha }: Partial<Record<Role, TensorBytes>>,
  target: ExpectedTensor,
  file: string,
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
  const pair = { down: floats(down, path, file), up: floats(up, path, file), rank };
  const value = alpha === undefined ? rank : toFloat32(alpha.bytes, alpha.dtype)[0];
  if (!Number.isFinite(value)) throw doesNotFit(`${file}: the alpha of ${path} is not a number`);
  return { ...pair, scale: value / rank };
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
