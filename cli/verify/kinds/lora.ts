/** An adapter merged into the transformer's weights, at each of the strengths that the case records. */

import { z } from 'zod';
import { planConversion } from '../../../src/checkpoints/convert.ts';
import { executeConversion } from '../../../src/checkpoints/convert-run.ts';
import { fillDerived } from '../../../src/checkpoints/derive.ts';
import { memoryFolder, readWhole } from '../../../src/checkpoints/folder.ts';
import { type Checkpoint, openCheckpoint } from '../../../src/checkpoints/layout.ts';
import { type Lora, readLora } from '../../../src/checkpoints/lora.ts';
import { memoryWriter } from '../../../src/checkpoints/memory-writer.ts';
import { Transformer } from '../../../src/omnigen2/transformer.ts';
import { compareTensor, tensorOf } from '../compare.ts';
import { readGolden } from '../goldens.ts';
import type { Comparison, KindRunner, VerifyContext } from '../types.ts';
import { requestOf } from './dit.ts';

const paramsSchema = z.object({ adapter: z.string() });

/** Strength of the adapter behind each recorded output; 0 is the transformer without it. */
const STRENGTHS: Readonly<Record<string, number>> = {
  output_base: 0,
  output_scale_05: 0.5,
  output_scale_1: 1,
};

export const run: KindRunner = async (golden, context) => {
  const { checkpoint } = await context.model();
  const { adapter: file } = paramsSchema.parse(golden.params);
  const { expected } = checkpoint.components.transformer;
  const lora = readLora(await readGolden(context.folder, file), file, expected);
  const comparisons: Comparison[] = [];
  for (const name of golden.outputs) {
    const strength = STRENGTHS[name];
    if (strength === undefined)
      throw new Error(`case ${golden.id} lists an output ${name}, which nothing computes`);
    const used = strength === 0 ? checkpoint : await merged(checkpoint, scaled(lora, strength));
    const got = await withTransformer(context, used, async (transformer) => {
      return (await transformer.predict(await requestOf(golden, 0, transformer))).data;
    });
    comparisons.push(compareTensor(name, got, tensorOf(golden, name), golden.tolerance));
  }
  return comparisons;
};

function scaled(lora: Lora, strength: number): Lora {
  const pairs = [...lora.pairs].map(
    ([name, pair]) => [name, { ...pair, scale: pair.scale * strength }] as const,
  );
  return { ...lora, pairs: new Map(pairs) };
}

/** The checkpoint that a conversion with the adapter makes. */
async function merged(checkpoint: Checkpoint, lora: Lora): Promise<Checkpoint> {
  const files = new Map<string, Uint8Array>();
  const plan = await planConversion(checkpoint, { weights: 'f32', lora });
  await executeConversion(new AbortController().signal, plan, memoryWriter(files), () => {});
  return openCheckpoint(memoryFolder('merged', files));
}

async function withTransformer<Result>(
  context: VerifyContext,
  { components, folder, readTensor }: Checkpoint,
  use: (transformer: Transformer) => Promise<Result>,
): Promise<Result> {
  const { runtime, numerics } = await context.model();
  const bytes = {
    file: (path: string) => readWhole(folder, path),
    derived: (graph: Parameters<typeof fillDerived>[0]) => fillDerived(graph, readTensor),
  };
  const transformer = await Transformer.open(runtime, { component: components.transformer, bytes }, numerics);
  try {
    return await use(transformer);
  } finally {
    await transformer.dispose();
  }
}
