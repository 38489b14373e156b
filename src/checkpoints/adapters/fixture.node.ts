/** For tests of adapters: the tiny checkpoint in every storage format, and adapters with random values. */

import { floatToBfloat } from '../../tensors/half.ts';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import { executeConversion } from '../conversion/execute.ts';
import { memoryWriter } from '../conversion/memory-writer.ts';
import { planConversion } from '../conversion/plan.ts';
import { editTensors, type Files, fixtureFiles, shardFiles, WEIGHTS } from '../fixture.node.ts';
import { memoryFolder } from '../folder.ts';
import { toFloat32 } from '../safetensors.ts';
import type { Lora } from './lora.ts';

export const STORED_FORMS = ['f32', 'f16', 'bf16', 'q8', 'q4', 'shards'] as const;
export type StoredForm = (typeof STORED_FORMS)[number];

/** The tiny checkpoint with its transformer stored in a format. */
export async function fixtureStoredAs(form: StoredForm): Promise<Checkpoint> {
  const files = await fixtureFiles();
  if (form === 'shards') shardFiles(files, WEIGHTS.transformer, 3);
  if (form === 'bf16') {
    editTensors(files, WEIGHTS.transformer, (tensors) => {
      for (const [name, { dtype, shape, bytes }] of tensors) {
        const half = floatToBfloat(toFloat32(bytes, dtype));
        tensors.set(name, { dtype: 'BF16', shape, bytes: new Uint8Array(half.buffer) });
      }
    });
  }
  const checkpoint = await openCheckpoint(memoryFolder('tiny', files));
  if (form !== 'f16' && form !== 'q8' && form !== 'q4') return checkpoint;
  const converted: Files = new Map();
  const plan = await planConversion(checkpoint, { weights: form });
  await executeConversion(new AbortController().signal, plan, memoryWriter(converted), () => undefined);
  return openCheckpoint(memoryFolder('tiny', converted));
}

/**
 * An adapter with random values.
 * @param names the weights that it changes
 * @param size largest absolute value of `up`; the values of `down` are around 1 / sqrt(K)
 */
export function randomLora(
  { components }: Checkpoint,
  names: readonly string[],
  { rank = 4, seed = 1, size = 0.1, scale = 1 } = {},
): Lora {
  const { expected } = components.transformer;
  const random = randomFrom(seed);
  const pairs = names.map((name) => {
    const shape = expected.find((tensor) => tensor.name === name)?.shape;
    if (!shape) throw new Error(`the transformer has no ${name}`);
    const [rows, columns] = shape;
    const down = Float32Array.from({ length: rank * columns }, () => random() * Math.sqrt(3 / columns));
    const up = Float32Array.from({ length: rows * rank }, () => random() * size);
    return [name, { down, up, rank, scale }] as const;
  });
  return { file: `random-${seed}.safetensors`, pairs: new Map(pairs) };
}

/** A generator of pseudorandom numbers from -1 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
