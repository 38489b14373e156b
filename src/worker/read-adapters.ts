/** Reads the adapters that the page sends. */

import { type Adapter, checkAdapterStrengths } from '../checkpoints/adapters/changes.ts';
import { checkLoraSize, readLora } from '../checkpoints/adapters/lora.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { unreadableFile } from '../checkpoints/folder.ts';
import type { AdapterFile } from '../protocol.ts';

/**
 * Reads adapters for the transformer of a checkpoint.
 * @throws OmniError `bad_request` for a wrong strength or a name that occurs twice, `bad_checkpoint` or
 *   `unsupported` for a file that cannot be used, `unreachable` for one that cannot be read
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
