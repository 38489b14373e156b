/** Adapters on the command line: `--lora FILE` or `--lora FILE:STRENGTH`, which may be repeated. */

import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Adapter, checkAdapterStrengths } from '../src/checkpoints/adapters/changes.ts';
import { checkLoraSize, PEFT_SETTINGS, PEFT_WEIGHTS, readLora } from '../src/checkpoints/adapters/lora.ts';
import type { Checkpoint } from '../src/checkpoints/checkpoint.ts';
import { describeFileError } from '../src/checkpoints/folder.node.ts';
import { unreadableFile } from '../src/checkpoints/folder.ts';
import { OmniError } from '../src/errors.ts';

/**
 * Reads the adapters that the options name.
 *
 * @example
 * await model.setAdapters(await openAdapters(['style.safetensors:0.8'], model.checkpoint));
 *
 * @throws OmniError `bad_request` for a wrong strength, `unreachable` for a file that cannot be read,
 *   `bad_checkpoint` for a file that does not fit the checkpoint
 */
export async function openAdapters(
  options: readonly string[],
  checkpoint: Checkpoint,
  { official = false } = {},
): Promise<Adapter[]> {
  const wanted = options.map(readOption);
  checkAdapterStrengths(wanted.map(({ file, strength }) => ({ name: resolve(file), strength })));
  const adapters: Adapter[] = [];
  for (const { file, strength } of wanted) {
    const { expected } = checkpoint.components.transformer;
    const lora = readLora(await bytesOf(file), basename(file), expected, {
      config: await settingsOf(file),
      official,
    });
    adapters.push({ lora, strength });
  }
  return adapters;
}

/**
 * Splits an option into the file and the strength after its last colon. Colons in the name of an existing
 * file and in a drive such as `C:\adapter.safetensors` do not count.
 */
export function readOption(option: string): { file: string; strength: number } {
  const [, file, text] = /^(.+):([^:/\\]*)$/.exec(option) ?? [];
  if (file === undefined || existsSync(option)) return { file: option, strength: 1 };
  const strength = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(strength)) return { file, strength };
  if (!existsSync(file)) return { file: option, strength: 1 };
  throw new OmniError({
    code: 'bad_request',
    message: `--lora ${file}: the strength is "${text}", but must be a number.`,
    action: 'Write a number after the colon, such as 0.8 for a weaker effect, or leave out both.',
  });
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const failed = (cause: unknown) => {
    throw unreadableFile(file, describeFileError(cause), cause);
  };
  const info = await stat(file).catch(failed);
  if (info.isDirectory()) throw unreadableFile(file, 'it is a folder; give the safetensors file in it');
  checkLoraSize(info.size, file);
  return readFile(file).catch(failed);
}

/** The settings that peft writes beside its weights. */
async function settingsOf(file: string): Promise<Uint8Array | undefined> {
  const settings = join(dirname(file), PEFT_SETTINGS);
  return basename(file) === PEFT_WEIGHTS && existsSync(settings) ? bytesOf(settings) : undefined;
}
