/** How sure the model is of each of a few answers. */

import { OmniError } from '../../errors.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import { exponential, naturalLog } from '../random.ts';
import { chatPrompt } from './ask.ts';
import type { Mllm, Prefilled } from './mllm.ts';
import { checkPrompt } from './prompt.ts';

/**
 * The probability of each of the given answers to a question about pictures, where it is one of them: together they are 1.
 * The question is read once. What counts is how an answer begins, so that "Yes" stands for "Yes, it does." as well.
 * @param answers two or more, such as "Yes" and "No"; the model writes them without a space before them
 * @throws OmniError `bad_request` for a question or answers that cannot be compared, `bad_image` for a picture that is too
 *   small; AbortError between two answers
 */
export async function answerProbabilities(
  model: OmniGen2Model,
  question: string,
  pictures: readonly RgbImage[],
  answers: readonly string[],
  signal?: AbortSignal,
): Promise<number[]> {
  checkPrompt(question, 'The question');
  const tokenizer = await model.tokenizer();
  const written = answers.map((answer) => tokenizer.encode(answer));
  checkAnswers(answers, written);
  const { ids, images } = await chatPrompt(model, question, pictures);
  const mllm = await model.mllm();
  const prompt = await mllm.prefill(ids, images, signal);
  try {
    const first = await mllm.logits(prompt.hidden.subarray(-mllm.config.language.hiddenSize));
    const logs: number[] = [];
    for (const tokens of written) {
      signal?.throwIfAborted();
      logs.push(logProbability(first, tokens[0]) + (await restOf(mllm, prompt, tokens)));
    }
    const best = Math.max(...logs);
    const weights = logs.map((log) => exponential(log - best));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  } finally {
    mllm.free(prompt);
  }
}

/** The logarithm of the probability of the tokens after the first, where each follows those before it. */
async function restOf(mllm: Mllm, prompt: Prefilled, tokens: readonly number[]): Promise<number> {
  if (tokens.length === 1) return 0;
  const longer = await mllm.extend(prompt, tokens.slice(0, -1));
  mllm.free(longer);
  const { hiddenSize } = mllm.config.language;
  let sum = 0;
  for (let i = 1; i < tokens.length; i++) {
    const hidden = longer.hidden.subarray((i - 1) * hiddenSize, i * hiddenSize);
    sum += logProbability(await mllm.logits(hidden), tokens[i]);
  }
  return sum;
}

/** The logarithm of the probability that logits `[V]` give to a token. */
function logProbability(logits: Float32Array, id: number): number {
  const best = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + exponential(logit - best), 0);
  return logits[id] - best - naturalLog(sum);
}

function checkAnswers(answers: readonly string[], written: readonly (readonly number[])[]): void {
  const refuse = (message: string) => {
    throw new OmniError({
      code: 'bad_request',
      message,
      action: 'Give two or more answers that differ, such as "Yes" and "No".',
    });
  };
  if (answers.length < 2) refuse(`Only ${answers.length} answers are given to compare.`);
  for (const answer of answers) checkPrompt(answer, 'An answer to compare');
  if (new Set(written.map(String)).size < answers.length) {
    refuse(`Of the answers ${answers.map((answer) => `"${answer}"`).join(', ')} two are the same.`);
  }
}
