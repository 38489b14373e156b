/**
 * Compares the tensors of a checkpoint with the tensors that its configuration needs, before anything runs.
 */

import { OmniError } from '../errors.ts';
import {
  QUANTIZED_SUFFIX,
  type QuantizedMatrix,
  quantizedMatrix,
  type WeightIndex,
} from '../tensors/stored.ts';
import type { ExpectedTensor } from './expected.ts';

/** Element types that weights may be stored in. */
const FLOATS: readonly string[] = ['F64', 'F32', 'F16', 'BF16'];

/** Block sizes that `com.microsoft.MatMulNBits` accepts. */
const BLOCK_SIZES: readonly number[] = [16, 32, 64, 128, 256];

/** Suffixes of the tensors of a quantized matrix. */
const QUANTIZED_ENDING = new RegExp(`(${Object.values(QUANTIZED_SUFFIX).join('|').replaceAll('.', '\\.')})$`);

/**
 * Checks that the checkpoint has every expected tensor in its exact shape, as floats or block-quantized.
 * @param configFile path of the configuration, for messages
 * @returns names of other tensors, which are ignored
 * @throws OmniError `bad_checkpoint` for the first tensor that is missing or differs
 */
export function checkTensors(
  weights: WeightIndex,
  expected: readonly ExpectedTensor[],
  configFile: string,
): string[] {
  const known = new Set<string>();
  const component = configFile.split('/', 1)[0];
  for (const wanted of expected) {
    const quantized = isMatrix(wanted) ? quantizedMatrix(weights, wanted.name) : undefined;
    const tensor = weights.get(wanted.name);
    if (quantized && (tensor ?? bothCodes(weights, wanted.name))) {
      const other = tensor ? `as ${tensor.dtype} and quantized` : 'with 4 and with 8 bits';
      throw mismatch(`${quantized.codes.file}: ${wanted.name} is stored twice, ${other}`);
    }
    if (quantized) {
      checkQuantized(quantized, wanted, configFile);
      known.add(quantized.codes.name).add(quantized.scales.name);
    } else if (!tensor) {
      throw mismatch(missing(weights, wanted, component, configFile));
    } else {
      if (!sameShape(tensor.shape, wanted.shape)) {
        throw mismatch(
          `${tensor.file}: ${wanted.name} has shape ${list(tensor.shape)}, but ${configFile} calls for ${list(wanted.shape)} (${wanted.rule})`,
        );
      }
      if (!FLOATS.includes(tensor.dtype)) {
        throw mismatch(
          `${tensor.file}: ${wanted.name} is stored as ${tensor.dtype}; weights must be one of ${FLOATS.join(', ')}`,
        );
      }
      known.add(tensor.name);
    }
  }
  const extra = weights.names.filter((name) => !known.has(name));
  rejectExtraLayers(weights, extra, expected, configFile);
  return extra;
}

/**
 * Rejects tensors of layers beyond those of the configuration. The configuration is then that of another
 * model: with fewer layers the model would run, and draw wrong pictures.
 */
function rejectExtraLayers(
  weights: WeightIndex,
  extra: readonly string[],
  expected: readonly ExpectedTensor[],
  configFile: string,
) {
  const anyLayer = (name: string) => name.replaceAll(/\.\d+(?=\.)/g, '.*');
  const layered = new Set(expected.map(({ name }) => anyLayer(name)).filter((name) => name.includes('*')));
  const surplus = extra.find((name) => layered.has(anyLayer(name.replace(QUANTIZED_ENDING, ''))));
  if (surplus === undefined) return;
  const file = weights.get(surplus)?.file;
  throw mismatch(`${file}: ${surplus} belongs to a layer that ${configFile} does not call for`);
}

function bothCodes(weights: WeightIndex, name: string): boolean {
  const { q4, q8 } = QUANTIZED_SUFFIX;
  return weights.get(name + q4) !== undefined && weights.get(name + q8) !== undefined;
}

/** Whether a tensor may be stored quantized: the weight of a linear layer, or an embedding table. */
export function isMatrix({ name, shape }: Pick<ExpectedTensor, 'name' | 'shape'>): boolean {
  return shape.length === 2 && name.endsWith('.weight');
}

function checkQuantized(
  { bits, blockSize, codes, scales }: QuantizedMatrix,
  wanted: ExpectedTensor,
  configFile: string,
) {
  const [rows, columns] = wanted.shape;
  const fail = (name: string, file: string, why: string) =>
    mismatch(
      `${file}: ${name} ${why}, but ${configFile} calls for a matrix ${list(wanted.shape)} (${wanted.rule})`,
    );
  if (codes.dtype !== 'U8') throw fail(codes.name, codes.file, `is stored as ${codes.dtype} instead of U8`);
  if (scales.dtype !== 'F16')
    throw fail(scales.name, scales.file, `is stored as ${scales.dtype} instead of F16`);
  if (!BLOCK_SIZES.includes(blockSize)) {
    throw fail(
      codes.name,
      codes.file,
      `has shape ${list(codes.shape)}, which gives no block size of ${BLOCK_SIZES}`,
    );
  }
  const blocks = Math.ceil(columns / blockSize);
  if (!sameShape(codes.shape, [rows, blocks, (blockSize * bits) / 8])) {
    throw fail(codes.name, codes.file, `has shape ${list(codes.shape)} (blocks of ${blockSize})`);
  }
  if (!sameShape(scales.shape, [rows, blocks])) {
    throw fail(scales.name, scales.file, `has shape ${list(scales.shape)} (blocks of ${blockSize})`);
  }
}

/** A message about a missing tensor, or about the missing half of a quantized matrix. */
function missing(
  weights: WeightIndex,
  wanted: ExpectedTensor,
  component: string,
  configFile: string,
): string {
  const suffixes = Object.values(QUANTIZED_SUFFIX);
  const half = suffixes.find((suffix) => weights.get(wanted.name + suffix));
  if (half !== undefined) {
    const other =
      half === QUANTIZED_SUFFIX.scales
        ? 'its codes (.q4 or .q8) are'
        : `${wanted.name}${QUANTIZED_SUFFIX.scales} is`;
    return `${component}/: ${wanted.name} is quantized, and ${wanted.name}${half} exists, but ${other} missing`;
  }
  return `${component}/: tensor ${wanted.name} is missing; ${configFile} calls for it with shape ${list(wanted.shape)} (${wanted.rule})`;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function list(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function mismatch(message: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${message}.`,
    action: 'Use config.json and weights from the same checkpoint.',
  });
}
