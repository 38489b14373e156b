/** Reads a goldens folder: `index.json`, and the tensors of each case. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readTensors, toFloat32 } from '../../src/checkpoints/safetensors.ts';
import { OmniError } from '../../src/errors.ts';
import type { GoldenCase, GoldenTensor } from './types.ts';

const caseSchema = z.object({
  id: z.string(),
  kind: z.string(),
  source: z.string(),
  file: z.string().optional(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  params: z.record(z.string(), z.unknown()),
  expected: z.record(z.string(), z.unknown()),
  tolerance: z.object({ abs: z.number(), rel: z.number() }),
});

const indexSchema = z.object({ format: z.literal(1), model: z.string(), cases: z.array(caseSchema) });

/** A case as `index.json` has it; its tensors are read by {@link readCase}. */
export type ListedCase = z.infer<typeof caseSchema>;

export interface GoldensIndex {
  /** Path of the checkpoint, relative to the folder. */
  readonly model: string;
  readonly cases: readonly ListedCase[];
}

/** @throws OmniError if the folder has no readable `index.json` of format 1 */
export async function readIndex(folder: string): Promise<GoldensIndex> {
  const path = join(folder, 'index.json');
  try {
    return indexSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const why =
      cause instanceof z.ZodError ? z.prettifyError(cause).split('\n').join('; ') : (cause as Error).message;
    throw new OmniError({
      code: 'bad_request',
      message: `${path} is not an index of goldens: ${why}`,
      action: 'Give --goldens a folder that holds index.json, cases/, images/ and a checkpoint.',
      cause,
    });
  }
}

/** Reads the tensors of a listed case. */
export async function readCase(folder: string, listed: ListedCase): Promise<GoldenCase> {
  const tensors = new Map<string, GoldenTensor>();
  if (listed.file !== undefined) {
    const bytes = await readFile(join(folder, listed.file));
    for (const [name, { dtype, shape, bytes: data }] of readTensors(bytes, listed.file)) {
      tensors.set(name, goldenTensor(name, dtype, shape, data));
    }
  }
  return { ...listed, tensors };
}

function goldenTensor(
  name: string,
  dtype: string,
  shape: readonly number[],
  bytes: Uint8Array,
): GoldenTensor {
  // Copied into a buffer of its own: `slice` of a Node Buffer would share memory.
  const aligned = new Uint8Array(bytes);
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: toFloat32(aligned, dtype) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(aligned.buffer) };
    case 'U8':
      return { dtype, shape, data: aligned };
    default:
      throw new OmniError({
        code: 'bad_request',
        message: `The golden tensor ${name} has type ${dtype}; goldens hold F32, I32 and U8.`,
        action: 'Make the goldens anew in the documented format.',
      });
  }
}
