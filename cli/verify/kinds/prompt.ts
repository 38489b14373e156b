/** Templates, token ids, truncation and padding of prompts. */

import { z } from 'zod';
import {
  chatTemplate,
  plainTemplate,
  tokenizeChatPrompt,
  tokenizePlainPrompt,
} from '../../../src/omnigen2/language/prompt.ts';
import { TOKENS, type Tokenizer } from '../../../src/omnigen2/language/tokenizer.ts';
import { visionPatches } from '../../../src/omnigen2/language/vision-patches.ts';
import type { OmniGen2Model } from '../../../src/omnigen2/model.ts';
import { compareExact } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner, VerifyContext } from '../types.ts';

const plainRow = z.object({
  prompt: z.string(),
  templated: z.string(),
  input_ids: z.array(z.number()),
  raw_ids: z.array(z.number()).optional(),
  decoded: z.string().optional(),
});
const chatRow = plainRow.extend({
  images: z.array(z.string()),
  image_grid_thw: z.array(z.array(z.number())),
});
const batchExpected = z.object({
  input_ids: z.array(z.array(z.number())),
  attention_mask: z.array(z.array(z.number())),
  padding_side: z.literal('right'),
  pad_id: z.number(),
});
const negativeParams = z.object({ negative_prompt: z.string() });

export const run: KindRunner = async (golden, context) => {
  const { params, expected } = golden;
  const model = await context.model();
  const tokenizer = await model.tokenizer();
  if ('rows' in expected) {
    const rows = z.array(z.looseObject({})).parse(expected.rows);
    const comparisons: Comparison[] = [];
    for (const row of rows) {
      comparisons.push(
        ...('images' in row
          ? await compareChat(chatRow.parse(row), model, tokenizer, context)
          : comparePlain(plainRow.parse(row), tokenizer)),
      );
    }
    return comparisons;
  }
  if ('prompts' in params) return compareBatch(golden, tokenizer);
  if ('max_sequence_length' in params) return compareTruncated(golden, tokenizer);
  if ('negative_prompt' in params) return compareNegative(golden);
  return Object.entries(expected).map(([token, id]) => compareExact(token, tokenizer.idOf(token), id));
};

function comparePlain(row: z.infer<typeof plainRow>, tokenizer: Tokenizer): Comparison[] {
  const comparisons = [
    compareExact('templated', plainTemplate(row.prompt), row.templated),
    compareExact('input_ids', tokenizePlainPrompt(tokenizer, row.prompt).ids, row.input_ids),
  ];
  const raw = tokenizer.encode(row.prompt);
  if (row.raw_ids) comparisons.push(compareExact('raw_ids', raw, row.raw_ids));
  if (row.decoded !== undefined) {
    comparisons.push(compareExact('decoded', tokenizer.decode(raw), row.decoded));
  }
  return comparisons;
}

async function compareChat(
  row: z.infer<typeof chatRow>,
  { config }: OmniGen2Model,
  tokenizer: Tokenizer,
  context: VerifyContext,
): Promise<Comparison[]> {
  const pictures = await Promise.all(
    row.images.map(async (path) => visionPatches(await context.readImage(path), config.preprocessor)),
  );
  const grids = pictures.map(({ grid }) => grid);
  return [
    compareExact('templated', chatTemplate(row.prompt, grids.length), row.templated),
    compareExact(
      'image_grid_thw',
      grids.map(({ rows, columns }) => [1, rows, columns]),
      row.image_grid_thw,
    ),
    compareExact(
      'input_ids',
      tokenizeChatPrompt(tokenizer, row.prompt, grids, config.mllm, 'tokens'),
      row.input_ids,
    ),
  ];
}

/** This program encodes prompts one by one. Pads the batch here as the official code does. */
function compareBatch({ params, expected }: GoldenCase, tokenizer: Tokenizer): Comparison[] {
  const prompts = z.array(z.string()).parse(params.prompts);
  const want = batchExpected.parse(expected);
  const rows = prompts.map((prompt) => tokenizePlainPrompt(tokenizer, prompt).ids);
  const longest = Math.max(...rows.map(({ length }) => length));
  const pad = tokenizer.idOf(TOKENS.endOfText);
  const padded = rows.map((ids) => [...ids, ...Array<unknown>(longest - ids.length).fill(pad)]);
  const mask = rows.map((ids) => Array.from({ length: longest }, (_, i) => (i < ids.length ? 1 : 0)));
  return [
    compareExact('input_ids', padded, want.input_ids),
    compareExact('attention_mask', mask, want.attention_mask),
    compareExact('pad_id', pad, want.pad_id),
  ];
}

function compareTruncated({ params, expected }: GoldenCase, tokenizer: Tokenizer): Comparison[] {
  const { prompt, max_sequence_length } = z
    .object({ prompt: z.string(), max_sequence_length: z.number() })
    .parse(params);
  const { ids, fullLength } = tokenizePlainPrompt(tokenizer, prompt, max_sequence_length);
  return [
    compareExact('input_ids', ids, expected.input_ids),
    compareExact('full_length', fullLength, expected.full_length),
  ];
}

function compareNegative({ params, expected }: GoldenCase): Comparison[] {
  const { negative_prompt } = negativeParams.parse(params);
  return [
    compareExact('templated', chatTemplate(negative_prompt, 0), expected.templated),
    compareExact('templated_empty', chatTemplate('', 0), expected.templated_empty),
  ];
}
