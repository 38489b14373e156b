/** The probability that the model gives to each of a few answers. */

import { OmniError } from '../../errors.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import { exponential, naturalLog } from '../random.ts';
import { chatPrompt } from './chat-prompt.ts';
import type { Mllm, Prefilled } from './mllm.ts';
import { checkPrompt } from './prompt.ts';

/**
 * Compares answers to a question about pictures: the probability of each, normalized so that they sum to 1.
 *
 * The prompt is prefilled once. An answer is scored by its own tokens, not by a token that ends the reply, so
 * "Yes" also stands for "Yes, it does.".
 * @param answers two or more, such as "Yes" and "No"; each is tokenized without a leading space
 * @param signal checked before each answer
 * @returns one probability per answer, in the same order
 * @throws OmniError `bad_request` for an empty question or for answers that cannot be compared, `bad_image`
 *   for a picture that is too small; AbortError
 * @example
 * const [yes, no] = await answerProbabilities(model, 'Is there a cat?', [picture], ['Yes', 'No']);
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
  const tokenized = answers.map((answer) => tokenizer.encode(answer));
  checkAnswers(answers, tokenized);
  const { ids, images } = await chatPrompt(model, question, pictures);
  const mllm = await model.mllm();
  const prompt = await mllm.prefill(ids, images, signal);
  try {
    const first = await mllm.logits(prompt.hidden.subarray(-mllm.config.language.hiddenSize));
    const logs: number[] = [];
    for (const tokens of tokenized) {
      signal?.throwIfAborted();
      logs.push(logProbability(first, tokens[0]) + (await logProbabilityAfterFirst(mllm, prompt, tokens)));
    }
    const best = Math.max(...logs);
    const weights = logs.map((log) => exponential(log - best));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  } finally {
    mllm.free(prompt);
  }
}

/** The log probability of the tokens after the first, each given those before it. */
async function logProbabilityAfterFirst(
  mllm: Mllm,
  prompt: Prefilled,
  tokens: readonly number[],
): Promise<number> {
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

/** The log probability of a token under logits `[V]`. */
function logProbability(logits: Float32Array, id: number): number {
  const best = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + exponential(logit - best), 0);
  return logits[id] - best - naturalLog(sum);
}

function checkAnswers(answers: readonly string[], tokenized: readonly (readonly number[])[]): void {
  const refuse = (message: string) => {
    throw new OmniError({
      code: 'bad_request',
      message,
      action: 'Give two or more different answers, such as "Yes" and "No".',
    });
  };
  if (answers.length < 2) refuse(`Comparing answers needs at least two, but there are ${answers.length}.`);
  for (const answer of answers) checkPrompt(answer, 'An answer to compare');
  if (new Set(tokenized.map(String)).size < answers.length) {
    refuse(`Two of the answers ${answers.map((answer) => `"${answer}"`).join(', ')} are the same.`);
  }
}
