/** Reads a folder of goldens: `index.json` and the tensors of each case. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describeFileError } from '../../src/checkpoints/folder.node.ts';
import { insidePath, unreadableFile } from '../../src/checkpoints/folder.ts';
import { readTensors, toFloat32 } from '../../src/checkpoints/safetensors.ts';
import { OmniError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';
import type { GoldenCase, GoldenTensor, Tolerance } from './types.ts';

const INDEX_FILE = 'index.json';

const caseSchema = z.object({
  id: z.string(),
  kind: z.string(),
  source: z.string(),
  file: z.string().optional(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  params: z.record(z.string(), z.unknown()),
  expected: z.record(z.string(), z.unknown()),
  tolerance: z.object({ abs: z.number().min(0), rel: z.number().min(0) }),
  q4: z.number().positive().optional(),
});
/** Reads the id and kind of an invalid case, for the message about it. */
const namedSchema = z.looseObject({ id: z.string().catch('(no id)'), kind: z.string().catch('(no kind)') });
const indexSchema = z.object({
  format: z.literal(1),
  model: z.string(),
  random: z.string().optional(),
  cases: z.array(z.unknown()).min(1),
});

/** A case as `index.json` lists it. */
export interface ListedCase {
  readonly id: string;
  readonly kind: string;
  /** Undefined if the case is invalid; then {@link read} rejects and says why. */
  readonly tolerance?: Tolerance;
  readonly q4?: number;
  /**
   * Reads the case with its tensors.
   * @throws OmniError if the case is invalid, or its file cannot be read
   */
  readonly read: () => Promise<GoldenCase>;
}

export interface GoldensIndex {
  /** Path of the checkpoint, relative to the folder. */
  readonly model: string;
  /**
   * SHA-256 of the weights if they are random and the checkpoint must be made ({@link makeOfficialSlice}).
   */
  readonly random?: string;
  readonly cases: readonly ListedCase[];
}

/**
 * Reads the index of a folder. Lists invalid cases too, so that the valid ones can be checked.
 * @throws OmniError if the folder has no readable `index.json` of format 1
 */
export async function readIndex(folder: string): Promise<GoldensIndex> {
  const path = join(folder, INDEX_FILE);
  const index = indexSchema.safeParse(parseJson(await readGolden(folder, INDEX_FILE), path));
  if (!index.success) throw badGoldens(`${path} is not an index of goldens: ${firstProblem(index.error)}.`);
  return {
    model: index.data.model,
    random: index.data.random,
    cases: index.data.cases.map((entry, i) => {
      const parsed = caseSchema.safeParse(entry);
      if (parsed.success) return { ...parsed.data, read: () => readCase(folder, parsed.data) };
      const { id, kind } = namedSchema.catch({ id: `cases[${i}]`, kind: '(no kind)' }).parse(entry);
      return {
        id,
        kind,
        read: () =>
          Promise.reject(badGoldens(`${path} has an invalid case ${id}: ${firstProblem(parsed.error)}.`)),
      };
    }),
  };
}

/**
 * Reads a file of a goldens folder.
 * @throws OmniError if the path leads outside the folder or the file cannot be read
 */
export async function readGolden(folder: string, path: string): Promise<Uint8Array> {
  const at = join(folder, insidePath('', path, join(folder, INDEX_FILE)));
  return readFile(at).catch((cause) => {
    throw unreadableFile(at, describeFileError(cause), cause);
  });
}

/** The first problem that a validation found, such as "tolerance.abs: expected number, received null". */
export function firstProblem({ issues: [issue] }: z.ZodError): string {
  const words = issue.message.replace(/^Invalid input: /, '');
  return issue.path.length === 0 ? words : `${issue.path.join('.')}: ${words}`;
}

async function readCase(folder: string, listed: z.infer<typeof caseSchema>): Promise<GoldenCase> {
  const tensors = new Map<string, GoldenTensor>();
  if (listed.file !== undefined) {
    const bytes = await readGolden(folder, listed.file);
    for (const [name, { dtype, shape, bytes: data }] of readTensors(bytes, listed.file)) {
      tensors.set(name, goldenTensor(name, dtype, shape, data));
    }
  }
  const missing = [...listed.inputs, ...listed.outputs].find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw badGoldens(
      listed.file === undefined
        ? `Case ${listed.id} lists the tensor ${missing}, but has no file.`
        : `Case ${listed.id} lists the tensor ${missing}, but ${listed.file} does not have it.`,
    );
  }
  return { ...listed, tensors };
}

function goldenTensor(
  name: string,
  dtype: string,
  shape: readonly number[],
  bytes: Uint8Array,
): GoldenTensor {
  // Copied to align it: `slice` of a Node Buffer would share memory.
  const aligned = new Uint8Array(bytes);
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: toFloat32(aligned, dtype) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(aligned.buffer) };
    case 'U8':
      return { dtype, shape, data: aligned };
    default:
      throw badGoldens(`The golden tensor ${name} has type ${dtype}; goldens hold F32, I32 and U8.`);
  }
}

function badGoldens(message: string): OmniError {
  return new OmniError({
    code: 'bad_request',
    message,
    action:
      'Pass --goldens a folder with index.json, cases, images and a checkpoint, such as fixtures/goldens.',
  });
}
