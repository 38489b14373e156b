/** Opens the model to be measured, with its weights as stored or converted to another format. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { executeConversion } from '../../src/checkpoints/conversion/execute.ts';
import { planConversion, type WeightFormat } from '../../src/checkpoints/conversion/plan.ts';
import { writeFolder } from '../../src/checkpoints/conversion/writer.node.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { OmniError } from '../../src/errors.ts';
import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { BUILT_IN, openModel, TRAINED } from '../models.ts';

export interface OpenedModel {
  readonly model: OmniGen2Model;
  close(): Promise<void>;
}

/**
 * Opens a model.
 *
 * @param weights converts the checkpoint to this format first, into a temporary folder that `close` removes.
 * Default: the weights as stored; for the built-in model, those that the page loads
 */
export async function openMeasured(
  name: string,
  weights: WeightFormat | undefined,
  signal: AbortSignal,
): Promise<OpenedModel> {
  if (weights === undefined) return opened(await openModel(name));
  const source = name === BUILT_IN ? TRAINED : name;
  const checkpoint = await openCheckpoint(nodeFolder(source));
  const plan = await planConversion(checkpoint, { weights }).catch((error: unknown) => {
    // The weights have this format already.
    if (error instanceof OmniError && error.code === 'bad_request') return undefined;
    throw error;
  });
  if (!plan) return opened(await openModel(source));
  const temporary = await mkdtemp(join(tmpdir(), 'storybook-bench-'));
  const remove = () => rm(temporary, { recursive: true, force: true });
  try {
    const folder = join(temporary, weights);
    await writeFolder(folder, (writer) => executeConversion(signal, plan, writer, () => undefined));
    return opened(await openModel(folder), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

function opened(model: OmniGen2Model, remove = async () => {}): OpenedModel {
  return {
    model,
    async close() {
      try {
        await model.dispose();
      } finally {
        await remove();
      }
    },
  };
}
