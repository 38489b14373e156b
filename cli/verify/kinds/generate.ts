/** Text generation: ids, raw logits and text of three ways to choose tokens. */

import { z } from 'zod';
import { concatFloats } from '../../../src/omnigen2/host-tensors.ts';
import { type Generated, generate } from '../../../src/omnigen2/language/generate.ts';
import { greedySampler, type TokenSampler } from '../../../src/omnigen2/language/sampling.ts';
import { visionPatches } from '../../../src/omnigen2/language/vision-patches.ts';
import type { OmniGen2Model } from '../../../src/omnigen2/model.ts';
import { compareExact, compareTensor, tensorOf } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, VerifyContext } from '../types.ts';
import { gridsOf, type Prompt, promptsOf } from './mllm.ts';

const paramsSchema = z.object({
  images: z.array(z.string()),
  max_new_tokens: z.number(),
  stop_strings: z.array(z.string()),
  repetition_penalty: z.number(),
  long_suppresses_ids_from: z.number(),
});
type Params = z.infer<typeof paramsSchema>;

/** How each variant of a case chooses tokens, and whether it may stop before `max_new_tokens`. */
function variants(params: Params): Record<string, { sampler: TokenSampler; stops: boolean }> {
  const penalised = greedySampler(params.repetition_penalty);
  return {
    config: { sampler: penalised, stops: true },
    greedy: { sampler: greedySampler(1), stops: true },
    long: {
      sampler: (logits, seen) => penalised(logits.slice(0, params.long_suppresses_ids_from), seen),
      stops: false,
    },
  };
}

export const run: KindRunner = async (golden, context) => {
  const params = paramsSchema.parse(golden.params);
  const model = await context.model();
  const [prompt] = promptsOf(golden, model.config.mllm, await imagesOf(params, model, context));
  const comparisons: Comparison[] = [
    compareExact(
      'image_grid_thw',
      prompt.images.map(({ grid }) => grid),
      gridsOf(golden),
    ),
  ];
  for (const [name, { sampler, stops }] of Object.entries(variants(params))) {
    const got = await write(model, prompt, params, sampler, stops);
    comparisons.push(...compareVariant(golden, name, got));
    if (name === 'config' && 'generate_text' in golden.expected) {
      comparisons.push(compareExact('generate_text', got.text, golden.expected.generate_text));
    }
  }
  const known = new Set(comparisons.map((comparison) => comparison.name));
  for (const name of golden.outputs.filter((output) => !known.has(output))) {
    comparisons.push({ name, maxAbsError: Number.NaN, ok: false, where: 'is not computed by this program' });
  }
  return comparisons;
};

function imagesOf({ images }: Params, model: OmniGen2Model, context: VerifyContext) {
  return Promise.all(
    images.map(async (path) => visionPatches(await context.readImage(path), model.config.preprocessor, path)),
  );
}

async function write(
  model: OmniGen2Model,
  { ids, images }: Prompt,
  params: Params,
  sampler: TokenSampler,
  stops: boolean,
): Promise<Generated> {
  const tokenizer = await model.tokenizer();
  return generate(await model.mllm(), {
    ids,
    images,
    sampler,
    maxNewTokens: params.max_new_tokens,
    stopStrings: stops ? params.stop_strings : [],
    stopIds: stops ? model.config.generation.eosTokenIds : [],
    decode: (tokens) => tokenizer.decode(tokens),
    returnLogits: true,
  });
}

function compareVariant(golden: GoldenCase, name: string, { ids, text, logits }: Generated): Comparison[] {
  const exact = { abs: 0, rel: 0 };
  const comparisons = [
    compareTensor(`ids_${name}`, ids, tensorOf(golden, `ids_${name}`), exact),
    compareTensor(
      `logits_${name}`,
      concatFloats(logits),
      tensorOf(golden, `logits_${name}`),
      golden.tolerance,
    ),
  ];
  const expected = golden.expected[name];
  if (typeof expected === 'object' && expected !== null) {
    if ('ids' in expected) comparisons.push(compareExact(`${name}.ids`, ids, expected.ids));
    if ('text' in expected) comparisons.push(compareExact(`${name}.text`, text, expected.text));
  }
  return comparisons;
}
