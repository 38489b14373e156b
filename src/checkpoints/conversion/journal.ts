/**
 * What is finished of a conversion, as lines of JSON. The first line names the conversion. The others say how
 * many steps of a file are done, or its hash once it is complete.
 */

import { createSHA256 } from 'hash-wasm';
import { z } from 'zod';
import { COMPONENTS } from '../checkpoint.ts';
import type { ConversionPlan } from './plan.ts';
import { stepsOf } from './steps.ts';
import type { Journal } from './writer.ts';

/** Changes when the same plan gives other bytes than before. */
const ENCODING = 1;

/** Sums of a tensor so far: its squares, and its squared error. */
const sumsSchema = z.tuple([z.number(), z.number()]);
export type Sums = Readonly<z.infer<typeof sumsSchema>>;

const headSchema = z.object({ conversion: z.string() });
const lineSchema = z.object({
  file: z.string(),
  /** Number of steps whose bytes are in the file. */
  steps: z.number().int().nonnegative().optional(),
  /** The sums of the tensors that these steps belong to. */
  sums: z.record(z.string(), sumsSchema).optional(),
  sha256: z.string().optional(),
});

/** What is finished of one file. */
export interface FileRecord {
  steps: number;
  sha256?: string;
  readonly sums: Map<string, Sums>;
}

/** The journal of a conversion, read into memory. */
export interface ConversionJournal {
  /** True if the folder holds an unfinished conversion of another source or with other options. */
  readonly ofAnother: boolean;
  /** True if the folder holds a part of this conversion. */
  readonly isKnown: boolean;
  record(file: string): FileRecord;
  /** Forgets what is finished of a file. */
  forget(file: string): void;
  /** Replaces the stored text by what is finished now. */
  rewrite(): Promise<void>;
  /** Adds finished steps and the current sums of their tensors. Their bytes must be flushed. */
  addSteps(file: string, steps: number, sums: Readonly<Record<string, Sums>>): Promise<void>;
  addFile(file: string, sha256: string): Promise<void>;
}

/** Reads a journal. Without `journal`, nothing is stored. */
export async function openJournal(
  journal: Journal | undefined,
  conversion: string,
): Promise<ConversionJournal> {
  const lines = ((await journal?.read()) ?? '').split('\n');
  const head = headSchema.safeParse(parseLine(lines[0]));
  const known = head.success && head.data.conversion === conversion;
  const records = new Map<string, FileRecord>();
  const record = (file: string): FileRecord => {
    const found = records.get(file) ?? { steps: 0, sums: new Map() };
    records.set(file, found);
    return found;
  };
  for (const line of known ? lines.slice(1) : []) {
    const parsed = lineSchema.safeParse(parseLine(line));
    // The last line is incomplete after a crash.
    if (!parsed.success) break;
    const { file, steps, sums, sha256 } = parsed.data;
    const of = record(file);
    if (steps !== undefined) of.steps = steps;
    for (const [name, value] of Object.entries(sums ?? {})) of.sums.set(name, value);
    if (sha256 !== undefined) of.sha256 = sha256;
  }
  return {
    ofAnother: head.success && !known,
    isKnown: known,
    record,
    forget: (file) => void records.delete(file),
    async rewrite() {
      const all = [...records].map(([file, { steps, sums, sha256 }]) => ({
        file,
        steps,
        sums: Object.fromEntries(sums),
        ...(sha256 !== undefined && { sha256 }),
      }));
      await journal?.write(textOf([{ conversion }, ...all]));
    },
    async addSteps(file, steps, sums) {
      const of = record(file);
      of.steps = steps;
      for (const [name, value] of Object.entries(sums)) of.sums.set(name, value);
      await journal?.append(textOf([{ file, steps, sums }]));
    },
    async addFile(file, sha256) {
      record(file).sha256 = sha256;
      await journal?.append(textOf([{ file, sha256 }]));
    },
  };
}

/**
 * Names a conversion: SHA-256 of everything that its bytes depend on. Contents of weights are not read; a
 * change of them is noticed by `ConversionOptions.sourceVersion`.
 */
export async function nameOf(plan: ConversionPlan): Promise<string> {
  const hash = await createSHA256();
  hash.init();
  const files = COMPONENTS.flatMap((component) => plan.components[component]);
  const steps = files.map((file) => ({
    path: file.path,
    steps: stepsOf(file).map(({ action: { name, from, to }, reads }) => ({ name, from, to, reads })),
  }));
  hash.update(JSON.stringify({ ENCODING, version: plan.options.sourceVersion, steps, copied: plan.copied }));
  for (const { name, change } of files.flatMap(({ actions }) => actions)) {
    for (const { down, up, scale } of change ?? []) {
      hash.update(`${name} ${scale} ${down.length}`);
      for (const { buffer, byteOffset, byteLength } of [down, up]) {
        hash.update(new Uint8Array(buffer, byteOffset, byteLength));
      }
    }
  }
  return hash.digest('hex');
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function textOf(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
