/** Weights of a component, made on the fly from its configuration: they measure speed, not quality. */

import type { ExpectedTensor } from '../../checkpoints/expected.ts';
import type { WeightBytes } from '../../runtime/types.ts';
import { QUANTIZED_SUFFIX, type StoredTensor, type WeightIndex } from '../../tensors/stored.ts';

/** Columns of a quantized block. */
const BLOCK = 32;
/** Matrices with fewer rows or columns are float32, as in a converted checkpoint. */
const MIN_QUANTIZED = 128;

/** An index and the bytes that it points to. Every tensor is a file of its own. */
export interface RandomWeights {
  readonly weights: WeightIndex;
  readonly bytes: WeightBytes;
}

/**
 * Random weights for the tensors of a component. Matrices have 4 bits, as after `convert --weights q4`.
 * @param expected from `checkpoints/expected.ts`
 */
export function randomWeights(expected: readonly ExpectedTensor[]): RandomWeights {
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, dtype: 'F32' | 'F16' | 'U8', shape: readonly number[]) => {
    const sizeBytes = shape.reduce((a, b) => a * b, { F32: 4, F16: 2, U8: 1 }[dtype]);
    tensors.set(name, { name, dtype, shape, file: name, offset: 0, sizeBytes });
  };
  for (const { name, shape } of expected) {
    if (shape.length !== 2 || Math.min(...shape) < MIN_QUANTIZED) {
      add(name, 'F32', shape);
      continue;
    }
    const [rows, columns] = shape;
    const blocks = Math.ceil(columns / BLOCK);
    add(name + QUANTIZED_SUFFIX.q4, 'U8', [rows, blocks, BLOCK / 2]);
    add(name + QUANTIZED_SUFFIX.scales, 'F16', [rows, blocks]);
  }
  const get = (name: string) => tensors.get(name);
  return {
    weights: { names: [...tensors.keys()], get },
    bytes: {
      slice: async ({ file }) => valuesOf(get(file) ?? missing(file)),
      derived: async ({ source }) => missing(source.name),
    },
  };
}

function valuesOf({ name, dtype, shape, sizeBytes }: StoredTensor): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  switch (dtype) {
    case 'U8': {
      // xorshift32. Patterns with a short period would not change the speed, but the outputs would vanish.
      const words = new Uint32Array(bytes.buffer, 0, sizeBytes >> 2);
      let state = 0x9e3779b9;
      for (let i = 0; i < words.length; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        words[i] = state;
      }
      return bytes;
    }
    case 'F16':
      // 0.0039 keeps the outputs of 2520 random columns around 1.
      new Uint16Array(bytes.buffer).fill(0x1c00);
      return bytes;
    default: {
      const values = new Float32Array(bytes.buffer);
      if (/norm.*weight$/.test(name)) return new Uint8Array(values.fill(1).buffer);
      const size = 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1));
      for (let i = 0; i < values.length; i++) values[i] = size * Math.sin(i * 1.7 + 1);
      return bytes;
    }
  }
}

function missing(name: string): never {
  throw new Error(`there are no random weights for ${name}`);
}
