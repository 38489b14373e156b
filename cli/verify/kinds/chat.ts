/** The chat pathway: how generated text is routed, and whole drawings from chat prompts. */

import { z } from 'zod';
import { drawFromChatPrompt } from '../../../src/omnigen2/language/draw-from-chat-prompt.ts';
import { chatTemplate } from '../../../src/omnigen2/language/prompt.ts';
import { parseReply } from '../../../src/omnigen2/language/reply.ts';
import { compareExact } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';
import { compareDrawings } from './pipeline.ts';

const routingParams = z.object({ prompt: z.string() });
const routingRows = z.array(
  z.object({
    generated: z.string(),
    with_image: z.boolean(),
    text: z.string(),
    draws: z.boolean(),
    /** The prompt that conditions the picture; null if no picture is drawn. */
    dit_prompt: z.string().nullable(),
  }),
);

export const run: KindRunner = async (golden, context) =>
  'rows' in golden.expected
    ? compareRouting(golden)
    : compareDrawings(golden, context, (model, options, hooks) =>
        drawFromChatPrompt(model, options, hooks, 'tokens'),
      );

function compareRouting({ params, expected }: GoldenCase): Comparison[] {
  const { prompt } = routingParams.parse(params);
  return routingRows.parse(expected.rows).map((row, i) => {
    const { text, draws } = parseReply(row.generated, true);
    const condition = draws ? chatTemplate(prompt, row.with_image ? 1 : 0) : null;
    const { text: wantText, draws: wantDraws, dit_prompt } = row;
    return compareExact(
      `rows[${i}]`,
      { text, draws, dit_prompt: condition },
      { text: wantText, draws: wantDraws, dit_prompt },
    );
  });
}
