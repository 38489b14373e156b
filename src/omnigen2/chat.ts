/**
 * The text pathway: a question about pictures, its answer, and what the answer means for drawing.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, OmniGen2ChatPipeline.
 */

import type { MllmConfig } from './config.ts';
import { generate, STOP_STRINGS } from './generate.ts';
import type { RgbImage } from './images/image.ts';
import { visionPatches } from './images/prepare.ts';
import type { PromptImage } from './mllm.ts';
import type { OmniGen2Model } from './model.ts';
import { checkPrompt, encodeChatPrompt } from './prompt.ts';
import { likeliest } from './token-choice.ts';
import { TOKENS } from './tokenizer.ts';

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
  readonly signal?: AbortSignal;
  /** Called with all of the answer so far, whenever it has grown. */
  readonly onText?: (text: string) => void;
}

/**
 * Asks the language model about zero or more pictures, the first of which is "image 1".
 * @throws OmniError `bad_request` for an empty question, `bad_image` for a picture that is too small; AbortError within
 *   one token of an abort
 */
export async function askAboutPicture(
  model: OmniGen2Model,
  question: string,
  pictures: readonly RgbImage[],
  { maxNewTokens, signal, onText }: AskOptions,
): Promise<Answer> {
  checkPrompt(question, 'The question');
  const { generation } = model.config;
  const tokenizer = await model.tokenizer();
  const { ids, images } = await chatPrompt(model, question, pictures);
  const mllm = await model.mllm();
  signal?.throwIfAborted();
  let shown = '';
  const { text, ended } = await generate(mllm, {
    ids,
    images,
    maxNewTokens,
    stopStrings: STOP_STRINGS,
    stopIds: generation.eosTokenIds,
    choose: likeliest(generation.repetitionPenalty),
    decode: (tokens) => tokenizer.decode(tokens),
    signal,
    onToken: (token) => {
      const words = visibleText(token.text);
      if (words !== shown) onText?.(words);
      shown = words;
    },
  });
  return { text: visibleText(text), complete: ended === 'stop', draws: drawsPicture(text) };
}

/** Whether a generated text asks for a picture. Source: OmniGen2ChatPipeline.__call__ */
export function drawsPicture(text: string): boolean {
  return text.startsWith(TOKENS.image);
}

/** A generated text as the official pipeline returns it: without the tokens that end a turn, and nothing else. */
export function replyText(text: string): string {
  return text.replaceAll(TOKENS.end, '');
}

/**
 * The condition of the chat pathway for the diffusion transformer: last hidden states `[n, H]` of the chat prompt, text
 * positions only. The model sees the pictures at full size. A negative prompt is read in the same way, without pictures.
 * Source: OmniGen2ChatPipeline._get_qwen2_prompt_embeds
 * @throws OmniError `bad_request` or `bad_image`: see {@link askAboutPicture}
 */
export async function chatCondition(
  model: OmniGen2Model,
  prompt: string,
  pictures: readonly RgbImage[] = [],
): Promise<Float32Array> {
  const { ids, images } = await chatPrompt(model, prompt, pictures);
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

async function chatPrompt(
  model: OmniGen2Model,
  prompt: string,
  pictures: readonly RgbImage[],
): Promise<{ ids: readonly number[]; images: readonly PromptImage[] }> {
  const { preprocessor, mllm } = model.config;
  const images = pictures.map((picture, i) => visionPatches(picture, preprocessor, `Picture ${i + 1}`));
  const grids = images.map(({ grid }) => grid);
  return { ids: encodeChatPrompt(await model.tokenizer(), prompt, grids, mllm).ids, images };
}

/** Without special tokens, whose text no person wants to read. */
function visibleText(text: string): string {
  return text.replaceAll(/<\|\w+\|>/g, '').trim();
}
