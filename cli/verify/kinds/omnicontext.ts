/** The OmniContext benchmark: mean scores, and the parsing of judges' replies. */

import { z } from 'zod';
import { officialReply } from '../../../src/omnicontext/official-reply.ts';
import { type JudgedItem, type MeanScores, summarize } from '../../../src/omnicontext/scores.ts';
import { compareExact, compareTensor } from '../compare.ts';
import type { Comparison, GoldenCase, KindRunner } from '../types.ts';

const linesSchema = z.record(
  z.string(),
  z.array(z.object({ instruction_language: z.string(), PF_score: z.number(), SC_score: z.number() })),
);
const scoresSchema = z.object({
  prompt_following: z.number(),
  subject_consistency: z.number(),
  overall: z.number(),
});
const summarySchema = z.object({ tasks: z.record(z.string(), scoresSchema), average: scoresSchema });
const repliesSchema = z.array(z.object({ text: z.string(), status: z.string(), value: z.unknown() }));

export const run: KindRunner = async (golden) =>
  'rows' in golden.expected ? compareReplies(golden) : compareMeans(golden);

function compareReplies({ expected }: GoldenCase): Comparison[] {
  return repliesSchema
    .parse(expected.rows)
    .map(({ text, status, value }, i) => compareExact(`row ${i}`, officialReply(text), { status, value }));
}

/** `expected` has a summary for each language. */
function compareMeans(golden: GoldenCase): Comparison[] {
  const items = new Map(
    Object.entries(linesSchema.parse(golden.params.lines)).map(([task, lines]) => [
      task,
      lines.map(
        (line): JudgedItem => ({
          language: line.instruction_language,
          promptFollowing: line.PF_score,
          subjectConsistency: line.SC_score,
        }),
      ),
    ]),
  );
  return Object.entries(golden.expected).flatMap(([language, listed]) => {
    const want = summarySchema.parse(listed);
    const got = summarize(items, { language, official: true });
    return [
      compareExact(`${language} tasks`, [...got.tasks.keys()], Object.keys(want.tasks)),
      ...Object.entries(want.tasks).map(([task, scores]) =>
        compareScores(golden, `${language} ${task}`, got.tasks.get(task), scores),
      ),
      compareScores(golden, `${language} average`, got.average, want.average),
    ];
  });
}

function compareScores(
  { tolerance }: GoldenCase,
  name: string,
  got: MeanScores | undefined,
  { prompt_following, subject_consistency, overall }: z.infer<typeof scoresSchema>,
): Comparison {
  const values = got ? [got.promptFollowing, got.subjectConsistency, got.overall] : [];
  const data = Float32Array.of(prompt_following, subject_consistency, overall);
  return compareTensor(name, values, { dtype: 'F32', shape: [3], data }, tolerance);
}
