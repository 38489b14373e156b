/**
 * The text pathway: a question about pictures and its answer, and what chat prompts are to the diffusion transformer.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, OmniGen2ChatPipeline.
 */

import type { MllmConfig } from '../../config/config.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import { type DrawHooks, type DrawOptions, type DrawResult, draw } from '../pipeline.ts';
import { type Generated, type GenerateOptions, generate, STOP_STRINGS } from './generate.ts';
import type { PromptImage } from './mllm.ts';
import { checkPrompt, type TypedTokens, tokenizeChatPrompt } from './prompt.ts';
import { parseReply, visibleText } from './reply.ts';
import { greedySampler, type Sampling, type TokenSampler, topPSampler } from './sampling.ts';
import { visionPatches } from './vision-patches.ts';
import { visionPreprocessor } from './vision-size.ts';

/** What a person reads of an answer. */
export interface Answer {
  /** Without special tokens and outer white space. */
  readonly text: string;
  /** False if it was cut because it did not end within its tokens. */
  readonly complete: boolean;
  /** The model asks for a picture instead of, or after, words. */
  readonly draws: boolean;
}

export interface AskOptions {
  readonly maxNewTokens: number;
  /** How words are chosen by chance; without it the likeliest ones are taken, as in the official code. */
  readonly sampling?: Sampling;
  readonly signal?: AbortSignal;
  /** Called with all of the answer so far, whenever it has grown. */
  readonly onText?: (text: string) => void;
}

/**
 * Asks the language model about zero or more pictures, the first of which is "image 1".
 * @throws OmniError `bad_request` for an empty question or values that words cannot be chosen by, `bad_image` for a picture
 *   that is too small; AbortError within one token of an abort
 */
export async function ask(
  model: OmniGen2Model,
  question: string,
  pictures: readonly RgbImage[],
  { maxNewTokens, sampling, signal, onText }: AskOptions,
): Promise<Answer> {
  checkPrompt(question, 'The question');
  const choose = replySampler(model, sampling);
  const prompt = await chatPrompt(model, question, pictures);
  const { text, ended } = await generateReply(model, { ...prompt, maxNewTokens, choose, signal, onText });
  return { ...parseReply(text), complete: ended === 'stop' };
}

/** What a reply is written from; the rest is the same for all. */
export interface ReplyOptions
  extends Omit<GenerateOptions, 'stopStrings' | 'stopIds' | 'decode' | 'onToken' | 'returnLogits'> {
  /** Called with all words of the reply so far, whenever there are more. */
  readonly onText?: (text: string) => void;
}

/** Writes a reply up to what ends one. @throws OmniError, AbortError: see {@link generate} */
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
    onToken: onText && growing(onText),
  });
}

/**
 * How the model's words are chosen: by chance, or the likeliest ones, with the checkpoint's penalty on repetitions.
 * @param turn numbers the answers that the same seed is used for
 * @throws OmniError `bad_request`: see `token-choice.ts`
 */
export function replySampler({ config }: OmniGen2Model, sampling?: Sampling, turn = 0): TokenSampler {
  const { repetitionPenalty } = config.generation;
  return sampling ? topPSampler({ ...sampling, repetitionPenalty }, turn) : greedySampler(repetitionPenalty);
}

/** Tells the words of a text as it is generated, whenever there are more of them. */
function growing(onText: (text: string) => void): (token: { readonly text: string }) => void {
  let shown = '';
  return ({ text }) => {
    const words = visibleText(text);
    if (words !== shown) onText(words);
    shown = words;
  };
}

/**
 * Draws as the chat pipeline does: language model and autoencoder both see the pictures, the former in full size, and
 * the negative prompt is read through the template of chat prompts. Prompts are not cut.
 * Source: OmniGen2ChatPipeline.generate_image
 * @param typed what the text of special tokens in the prompts is read as
 * @param condition the condition of the prompt, where it is known already: see {@link encodeChatPrompt}
 * @throws OmniError, AbortError: see `pipeline.ts` and {@link ask}
 */
export function drawFromChatPrompt(
  model: OmniGen2Model,
  options: DrawOptions,
  hooks: Omit<DrawHooks, 'condition'>,
  typed: TypedTokens,
  condition?: Float32Array,
): Promise<DrawResult> {
  const { prompt, negativePrompt, references } = options;
  return draw(model, options, {
    ...hooks,
    condition: async (role) =>
      role === 'negative'
        ? encodeChatPrompt(model, negativePrompt, [], typed)
        : (condition ?? encodeChatPrompt(model, prompt, references, typed)),
  });
}

/**
 * The condition of the chat pathway for the diffusion transformer: last hidden states `[n, H]` of the chat prompt, text
 * positions only. The model sees the pictures at full size. A negative prompt is read in the same way, without pictures.
 * Source: OmniGen2ChatPipeline._get_qwen2_prompt_embeds
 * @throws OmniError `bad_request` or `bad_image`: see {@link ask}
 */
export async function encodeChatPrompt(
  model: OmniGen2Model,
  prompt: string,
  pictures: readonly RgbImage[] = [],
  typed: TypedTokens = 'words',
): Promise<Float32Array> {
  const { ids, images } = await chatPrompt(model, prompt, pictures, typed);
  const mllm = await model.mllm();
  return textRows(await mllm.hiddenStates(ids, images), ids, model.config.mllm);
}

/** The rows of hidden states `[L, H]` that do not stand for a part of a picture. */
export function textRows(
  hidden: Float32Array,
  ids: ArrayLike<number>,
  { language: { hiddenSize }, imageTokenId }: Pick<MllmConfig, 'language' | 'imageTokenId'>,
): Float32Array {
  const rows: number[] = [];
  for (let i = 0; i < ids.length; i++) if (ids[i] !== imageTokenId) rows.push(i);
  const out = new Float32Array(rows.length * hiddenSize);
  for (const [to, from] of rows.entries()) {
    out.set(hidden.subarray(from * hiddenSize, (from + 1) * hiddenSize), to * hiddenSize);
  }
  return out;
}

/**
 * A question about pictures as the language model reads it. The official way, in which tokens may be typed, shows pictures
 * in full size on every backend.
 */
export async function chatPrompt(
  model: OmniGen2Model,
  prompt: string,
  pictures: readonly RgbImage[],
  typed: TypedTokens = 'words',
): Promise<{ readonly ids: readonly number[]; readonly images: readonly PromptImage[] }> {
  const rule = visionPreprocessor(model, typed === 'tokens');
  const images = pictures.map((picture, i) => visionPatches(picture, rule, `Picture ${i + 1}`));
  const grids = images.map(({ grid }) => grid);
  return {
    ids: tokenizeChatPrompt(await model.tokenizer(), prompt, grids, model.config.mllm, typed),
    images,
  };
}
