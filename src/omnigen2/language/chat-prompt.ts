/**
 * Prompts in the chat template, with pictures, and the text features that the transformer takes from them.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, OmniGen2ChatPipeline.
 */

import type { MllmConfig } from '../../config/config.ts';
import type { RgbImage } from '../../pictures/image.ts';
import type { OmniGen2Model } from '../model.ts';
import { type SpecialTokens, tokenizeChatPrompt } from './prompt.ts';
import type { PromptImage } from './vision-patches.ts';
import { visionPatches } from './vision-patches.ts';
import { visionPreprocessor } from './vision-size.ts';

/** What the language model prefills. */
export interface ChatPrompt {
  /** `[L]`, with one image token for every merged cell of every picture. */
  readonly ids: readonly number[];
  readonly images: readonly PromptImage[];
}

/**
 * Tokenizes a prompt in the chat template and cuts its pictures into patches.
 * @param specialTokens `tokens`, the official mode, also keeps the full size of pictures on every backend
 * @throws OmniError `bad_image` for a picture that is too small; `bad_request`: see
 *   {@link tokenizeChatPrompt}
 */
export async function chatPrompt(
  model: OmniGen2Model,
  prompt: string,
  pictures: readonly RgbImage[],
  specialTokens: SpecialTokens = 'text',
): Promise<ChatPrompt> {
  const preprocessor = visionPreprocessor(model, specialTokens === 'tokens');
  const images = pictures.map((picture, i) => visionPatches(picture, preprocessor, `Picture ${i + 1}`));
  const grids = images.map(({ grid }) => grid);
  const tokenizer = await model.tokenizer();
  return { ids: tokenizeChatPrompt(tokenizer, prompt, grids, model.config.mllm, specialTokens), images };
}

/**
 * Encodes a prompt for the transformer as the chat pipeline does: the last hidden states `[n, H]` at the text
 * positions of the chat template. A negative prompt is encoded in the same way, without pictures.
 * Source: OmniGen2ChatPipeline._get_qwen2_prompt_embeds
 * @throws OmniError `bad_request` or `bad_image`: see {@link chatPrompt}
 */
export async function encodeChatPrompt(
  model: OmniGen2Model,
  prompt: string,
  pictures: readonly RgbImage[] = [],
  specialTokens: SpecialTokens = 'text',
): Promise<Float32Array> {
  const { ids, images } = await chatPrompt(model, prompt, pictures, specialTokens);
  const mllm = await model.mllm();
  return textRows(await mllm.hiddenStates(ids, images), ids, model.config.mllm);
}

/** The rows of hidden states `[L, H]` whose token is not an image token. */
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
