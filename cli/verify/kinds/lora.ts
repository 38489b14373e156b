/** The transformer with an adapter, at each recorded strength. The adapter is removed at the end. */

import { z } from 'zod';
import { readLora } from '../../../src/checkpoints/adapters/lora.ts';
import { compareTensor, tensorOf } from '../compare.ts';
import { readGolden } from '../goldens.ts';
import type { Comparison, KindRunner } from '../types.ts';
import { requestOf } from './dit.ts';

const paramsSchema = z.object({ adapter: z.string(), official: z.boolean().optional() });

/** Strength of the adapter for each recorded output. 0 is the transformer without adapter. */
const STRENGTHS: Readonly<Record<string, number>> = {
  output_base: 0,
  output_scale_05: 0.5,
  output_scale_1: 1,
};

export const run: KindRunner = async (golden, context) => {
  const model = await context.model();
  const { adapter: file, official } = paramsSchema.parse(golden.params);
  const { expected } = model.checkpoint.components.transformer;
  const lora = readLora(await readGolden(context.folder, file), file, expected, { official });
  const comparisons: Comparison[] = [];
  try {
    for (const name of golden.outputs) {
      const strength = STRENGTHS[name];
      if (strength === undefined) {
        throw new Error(`case ${golden.id} lists the output ${name}, which this check does not compute`);
      }
      await model.setAdapters([{ lora, strength }]);
      const transformer = await model.transformer();
      const { data } = await transformer.predict(await requestOf(golden, 0, transformer));
      comparisons.push(compareTensor(name, data, tensorOf(golden, name), golden.tolerance));
    }
  } finally {
    await model.setAdapters([]);
  }
  return comparisons;
};
