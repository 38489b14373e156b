/**
 * Questions to the language model about pictures, and its answers.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, OmniGen2ChatPipeline.
 */

import type { RgbImage } from '../../pictures/image.ts';
import type { Sampling } from '../../settings/answer-settings.ts';
import type { OmniGen2Model } from '../model.ts';
import { chatPrompt } from './chat-prompt.ts';
import { type Generated, type GenerateOptions, generate, STOP_STRINGS } from './generate.ts';
import { checkPrompt } from './prompt.ts';
import { parseReply, visibleText } from './reply.ts';
import { greedySampler, type TokenSampler, topPSampler } from './sampling.ts';

export interface Answer {
  /** Without special tokens, trimmed. */
  readonly text: string;
  /** False if the answer did not end within `maxNewTokens`. */
  readonly complete: boolean;
  /** Whether the model asks for a picture instead of words or after them. */
  readonly draws: boolean;
}

export interface AskOptions {
  /** At least 1. */
  readonly maxNewTokens: number;
  /** Default: greedy decoding, as in the official code. */
  readonly sampling?: Sampling;
  readonly signal?: AbortSignal;
  /** Called with the whole answer so far each time it grows. */
  readonly onText?: (text: string) => void;
}

/**
 * Asks the language model one question about zero or more pictures.
 * @param pictures the first is "image 1" in the question
 * @throws OmniError `bad_request` for an empty question or invalid sampling, `bad_image` for a picture that
 *   is too small; AbortError within one token of an abort
 * @example
 * const { text } = await ask(model, 'What is in the picture?', [picture], { maxNewTokens: 256 });
 */
export async function ask(
  model: OmniGen2Model,
  question: string,
  pictures: readonly RgbImage[],
  { maxNewTokens, sampling, signal, onText }: AskOptions,
): Promise<Answer> {
  checkPrompt(question, 'The question');
  const sampler = replySampler(model, sampling);
  const prompt = await chatPrompt(model, question, pictures);
  const { text, ended } = await generateReply(model, { ...prompt, maxNewTokens, sampler, signal, onText });
  return { ...parseReply(text), complete: ended === 'stop' };
}

export interface ReplyOptions
  extends Omit<GenerateOptions, 'stopStrings' | 'stopIds' | 'decode' | 'onToken' | 'returnLogits'> {
  /** Called with the whole reply so far each time it grows. */
  readonly onText?: (text: string) => void;
}

/**
 * Generates text up to a token or string that ends a reply.
 * @throws OmniError, AbortError: see {@link generate}
 */
export async function generateReply(
  model: OmniGen2Model,
  { onText, ...options }: ReplyOptions,
): Promise<Generated> {
  const mllm = await model.mllm();
  const tokenizer = await model.tokenizer();
  options.signal?.throwIfAborted();
  return generate(mllm, {
    ...options,
    stopStrings: STOP_STRINGS,
    stopIds: model.config.generation.eosTokenIds,
    decode: (ids) => tokenizer.decode(ids),
    onToken: onText && textGrowth(onText),
  });
}

/**
 * A sampler with the checkpoint's repetition penalty.
 * @param sampling default: greedy decoding
 * @param turn gives each reply that shares a seed its own random numbers
 * @throws OmniError `bad_request`: see {@link topPSampler}
 */
export function replySampler({ config }: OmniGen2Model, sampling?: Sampling, turn = 0): TokenSampler {
  const { repetitionPenalty } = config.generation;
  return sampling ? topPSampler({ ...sampling, repetitionPenalty }, turn) : greedySampler(repetitionPenalty);
}

/** Calls `onText` with the visible text of a reply when a token has changed it. */
function textGrowth(onText: (text: string) => void): (token: { readonly text: string }) => void {
  let last = '';
  return ({ text }) => {
    const visible = visibleText(text);
    if (visible !== last) onText(visible);
    last = visible;
  };
}
