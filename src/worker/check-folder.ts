/** Checks a picked folder before anything is done with it. */

import { type Checkpoint, openCheckpoint } from '../checkpoints/checkpoint.ts';
import type { FolderSummary } from '../models-protocol.ts';
import type { FolderSource } from '../protocol.ts';
import { QUANTIZED_SUFFIX } from '../tensors/stored.ts';
import { folderOf } from './picked-folder.ts';

/**
 * Reads the configurations and headers of a picked folder.
 * @throws OmniError if it is no checkpoint that this program can run
 */
export async function checkFolder(signal: AbortSignal, picked: FolderSource): Promise<FolderSummary> {
  const checkpoint = await openCheckpoint(await folderOf(signal, picked));
  const { sizeBytes, trainedOn } = checkpoint;
  return { sizeBytes, trainedSide: trainedOn.side, weights: mostWeights(checkpoint) };
}

/** The format with the most bytes among the weights of the transformer. */
function mostWeights({ components }: Checkpoint): FolderSummary['weights'] {
  const { names, get } = components.transformer.weights;
  const sums = new Map<FolderSummary['weights'], number>();
  for (const name of names) {
    const tensor = get(name);
    const format = tensor && formatOf(name, tensor.dtype);
    if (format) sums.set(format, (sums.get(format) ?? 0) + tensor.sizeBytes);
  }
  const [most] = [...sums].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? 'float32';
}

function formatOf(name: string, dtype: string): FolderSummary['weights'] | undefined {
  if (name.endsWith(QUANTIZED_SUFFIX.q4)) return '4-bit';
  if (name.endsWith(QUANTIZED_SUFFIX.q8)) return '8-bit';
  switch (dtype) {
    case 'BF16':
      return 'bfloat16';
    case 'F16':
      return 'float16';
    case 'F32':
      return 'float32';
    default:
      return undefined;
  }
}
