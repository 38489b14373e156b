/** Reads the adapters that the page sends, for the checkpoint that is open. */

import { type Adapter, checkAdapterStrengths } from '../checkpoints/adapters/changes.ts';
import { checkLoraSize, readLora } from '../checkpoints/adapters/lora.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { unreadableFile } from '../checkpoints/folder.ts';
import type { AdapterFile } from '../protocol.ts';

/**
 * @throws OmniError `bad_request` for a strength that is no number and for a name that is there twice, `bad_checkpoint`
 * or `unsupported` for a file that cannot be used, `unreachable` for one that cannot be read
 */
export async function readAdapters(
  files: readonly AdapterFile[],
  { components }: Checkpoint,
): Promise<Adapter[]> {
  checkAdapterStrengths(files);
  const adapters: Adapter[] = [];
  for (const { name, file, settings, strength } of files) {
    checkLoraSize(file.size, name);
    const bytes = await bytesOf(file, name);
    const config = settings && (await bytesOf(settings, `The settings of ${name}`));
    adapters.push({ lora: readLora(bytes, name, components.transformer.expected, { config }), strength });
  }
  return adapters;
}

async function bytesOf(blob: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw unreadableFile(name, 'the browser no longer has access to it', cause);
  }
}
