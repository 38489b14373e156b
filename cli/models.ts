/** Opens models for the command line: a checkpoint folder, or the built-in model by name. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../src/checkpoints/checkpoint.ts';
import { executeConversion } from '../src/checkpoints/conversion/execute.ts';
import { planConversion } from '../src/checkpoints/conversion/plan.ts';
import { writeFolder } from '../src/checkpoints/conversion/writer.node.ts';
import { nodeFolder } from '../src/checkpoints/folder.node.ts';
import { OmniError } from '../src/errors.ts';
import { loadTokenizer } from '../src/omnigen2/language/tokenizer.transformers.ts';
import { type ModelOptions, OmniGen2Model } from '../src/omnigen2/model.ts';
import { nodeRuntime } from '../src/runtime/runtime.node.ts';

/** The name of the built-in model in options such as `--model`. */
export const BUILT_IN = 'storybook';

/** The repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The trained checkpoint, float16, in the official layout. */
export const TRAINED = join(ROOT, 'training', 'checkpoint', BUILT_IN);
/** The judge of the built-in model's world (docs/reference/judge.md). */
export const JUDGE = join(ROOT, 'training', 'checkpoint', 'judge');
/** The bundle that the page loads: the trained checkpoint, quantized, with a manifest. */
const SERVED = join(ROOT, 'public', 'models', BUILT_IN);
/** The format of the served weights. */
const SERVED_WEIGHTS = 'q8';
/** Changes when a conversion writes other files than before. */
const LAYOUT = 2;
/** Holds the digest of the trained checkpoint and the format that the bundle was made from. */
const SOURCE_FILE = '.source';

/**
 * Opens a checkpoint folder, or the built-in model, on the CPU.
 *
 * @example
 * const model = await openModel('storybook');
 */
export async function openModel(model: string, options: ModelOptions = {}): Promise<OmniGen2Model> {
  const path = model === BUILT_IN ? await builtInModel() : model;
  return new OmniGen2Model(await openCheckpoint(nodeFolder(path)), nodeRuntime(), loadTokenizer, options);
}

/**
 * The option `--memory` in bytes, or undefined without it.
 * @throws OmniError `bad_request` if it is not a positive number
 */
export function memoryOption(gigabytes: string | undefined): number | undefined {
  if (gigabytes === undefined) return undefined;
  const bytes = Number(gigabytes) * 1e9;
  if (gigabytes.trim() !== '' && Number.isFinite(bytes) && bytes > 0) return bytes;
  throw new OmniError({
    code: 'bad_request',
    message: `--memory ${gigabytes} is not a number of gigabytes.`,
    action: 'Give a number above 0, such as 4 or 3.5.',
  });
}

/**
 * The folder of the built-in model's bundle. Makes it from the trained checkpoint if it is missing or
 * outdated.
 */
export async function builtInModel(signal: AbortSignal = new AbortController().signal): Promise<string> {
  const source = `${SERVED_WEIGHTS} of ${await digestOf(TRAINED)}, layout ${LAYOUT}`;
  if (await isCurrent(source)) return SERVED;
  try {
    await makeServed(source, signal);
  } catch (error) {
    // Another command may have made it in the meantime.
    if (!(await isCurrent(source))) throw error;
  }
  return SERVED;
}

/** SHA-256 of the trained checkpoint's files and their names. Its README does not change what it draws. */
export function trainedDigest(): Promise<string> {
  return digestOf(TRAINED, (path) => path !== 'README.md');
}

async function isCurrent(source: string): Promise<boolean> {
  const recorded = join(SERVED, SOURCE_FILE);
  return existsSync(recorded) && (await readFile(recorded, 'utf8')) === source;
}

async function makeServed(source: string, signal: AbortSignal): Promise<void> {
  await rm(SERVED, { recursive: true, force: true });
  await mkdir(dirname(SERVED), { recursive: true });
  const plan = await planConversion(await openCheckpoint(nodeFolder(TRAINED)), { weights: SERVED_WEIGHTS });
  await writeFolder(SERVED, async (writer, temporary) => {
    await executeConversion(signal, plan, writer, () => undefined);
    await writeFile(join(temporary, SOURCE_FILE), source);
  });
}

async function digestOf(folder: string, counts = (_path: string) => true): Promise<string> {
  const hash = createHash('sha256');
  for (const path of (await filesOf(folder)).filter(counts)) {
    hash.update(path).update(await readFile(join(folder, path)));
  }
  return hash.digest('hex');
}

/** Paths of all files below a folder, with `/`, in order. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
