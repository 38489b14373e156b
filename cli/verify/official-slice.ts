/**
 * A checkpoint with the widths of the released model and one layer of each kind. Its weights are random. It
 * is made when it is needed: it has 489 MB in bfloat16.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { executeConversion } from '../../src/checkpoints/conversion/execute.ts';
import { planConversion, type WeightFormat } from '../../src/checkpoints/conversion/plan.ts';
import { writeFolder } from '../../src/checkpoints/conversion/writer.node.ts';
import { GOLDENS } from '../../src/checkpoints/fixture.node.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { OmniError } from '../../src/errors.ts';
import { isObject } from '../../src/json.ts';
import { type ConfigFiles, officialConfigs } from '../official-size/configs.ts';
import { makeCheckpoint } from '../official-size/make-checkpoint.ts';

/** Holds the SHA-256 of the weights beside a finished checkpoint. */
const MADE_SUFFIX = '.sha256';

/**
 * What differs from the released checkpoint. All widths of attention and of the VAE are the released ones.
 */
const TRANSFORMER = { num_layers: 1, num_refiner_layers: 1, ffn_dim_multiplier: 0.02 };
const VAE = { layers_per_block: 1 };
/** Uses the vocabulary of `fixtures/goldens`. */
const MLLM = {
  num_hidden_layers: 1,
  intermediate_size: 256,
  vocab_size: 640,
  bos_token_id: 600,
  eos_token_id: 602,
  vision_start_token_id: 609,
  vision_end_token_id: 610,
  vision_token_id: 611,
  image_token_id: 612,
  video_token_id: 613,
};
/** The first block attends inside windows, the second to all patches. */
const VISION = { depth: 2, fullatt_block_indexes: [1], intermediate_size: 256 };

/**
 * Makes the checkpoint, unless the folder already holds it.
 * @param sha256 of all weight files in the order of their names
 * @throws OmniError `bad_checkpoint` if the weights differ from those that the values were recorded with
 */
export async function makeOfficialSlice(signal: AbortSignal, folder: string, sha256: string): Promise<void> {
  if ((await readFile(folder + MADE_SUFFIX, 'utf8').catch(() => '')) === sha256) return;
  await mkdir(dirname(folder), { recursive: true });
  await makeCheckpoint(signal, folder, await sliceConfigs());
  const made = await weightsDigest(folder);
  if (made !== sha256) {
    throw new OmniError({
      code: 'bad_checkpoint',
      message: `The random weights have the SHA-256 ${made}, but the values were recorded with ${sha256}.`,
      action: 'Undo the change of the generator, or record the values again as fixtures/README.md says.',
    });
  }
  await writeFile(folder + MADE_SUFFIX, sha256);
}

/**
 * Converts a checkpoint into a folder beside it, named after the format. Replaces an earlier conversion.
 * @returns the folder
 */
export async function convertBeside(
  signal: AbortSignal,
  folder: string,
  weights: WeightFormat,
): Promise<string> {
  const target = join(dirname(folder), `${basename(folder)}-${weights}`);
  await rm(target, { recursive: true, force: true });
  const plan = await planConversion(await openCheckpoint(nodeFolder(folder)), { weights });
  await writeFolder(target, (writer) => executeConversion(signal, plan, writer, () => undefined));
  return target;
}

async function sliceConfigs(): Promise<ConfigFiles> {
  const official = officialConfigs();
  const changed = (path: string, changes: object) => ({ ...objectOf(official[path]), ...changes });
  const { vision_config } = objectOf(official['mllm/config.json']);
  return {
    ...official,
    ...(await processorFiles()),
    'transformer/config.json': changed('transformer/config.json', TRANSFORMER),
    'vae/config.json': changed('vae/config.json', VAE),
    'mllm/config.json': changed('mllm/config.json', {
      ...MLLM,
      vision_config: { ...objectOf(vision_config), ...VISION },
    }),
    'mllm/generation_config.json': changed('mllm/generation_config.json', {
      bos_token_id: 600,
      eos_token_id: [602, 600],
      pad_token_id: 600,
    }),
  };
}

/** The tokenizer and the picture processor of `fixtures/goldens`. */
async function processorFiles(): Promise<ConfigFiles> {
  const folder = join(GOLDENS, 'model', 'processor');
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => [
      `processor/${name}`,
      await readFile(join(folder, name), 'utf8'),
    ]),
  );
  return Object.fromEntries(files);
}

async function weightsDigest(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((path) => path.endsWith('.safetensors')).sort()) {
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk);
  }
  return hash.digest('hex');
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new Error('a configuration is not an object');
  return value;
}
