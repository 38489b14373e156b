/**
 * Prompts as the language model reads them: templates, tokens, and the places of pictures.
 *
 * The plain pipeline shows the model text alone, without opening its answer; the chat pipeline puts pictures before the
 * instruction and opens the answer.
 */

import { OmniError } from '../errors.ts';
import { isBlank } from './blank.ts';
import type { MllmConfig } from './config.ts';
import { imageTokenCount } from './mllm-positions.ts';
import type { PatchGrid } from './patches.ts';
import { TOKENS, type Tokenizer } from './tokenizer.ts';

/** Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline._apply_chat_template */
const SYSTEM = 'You are a helpful assistant that generates high-quality images based on user instructions.';

/** A prompt as token ids. */
export interface EncodedPrompt {
  readonly ids: readonly number[];
  /** How many tokens there were before those beyond the limit were cut off at the end. */
  readonly fullLength: number;
}

/**
 * The text that the plain pipeline reads. Also that of negative prompts, the empty one included.
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline._apply_chat_template
 */
export function plainTemplate(prompt: string): string {
  return `${turn('system', SYSTEM)}${turn('user', prompt)}`;
}

/**
 * The text that the chat pipeline reads, each picture as one image token.
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2_chat.py, OmniGen2ChatPipeline._apply_chat_template
 */
export function chatTemplate(prompt: string, imageCount: number): string {
  const { visionStart, imagePad, visionEnd, start } = TOKENS;
  const images = Array.from(
    { length: imageCount },
    (_, i) => `<img${i + 1}>: ${visionStart}${imagePad}${visionEnd}`,
  );
  return `${plainTemplate(images.join('') + prompt)}${start}assistant\n`;
}

/**
 * The tokens of a prompt for drawing.
 * @param maxLength tokens beyond this are cut off at the end, those that close the turn among them
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline._get_qwen2_prompt_embeds
 */
export function encodePlainPrompt(tokenizer: Tokenizer, prompt: string, maxLength?: number): EncodedPrompt {
  const ids = tokenizer.encode(plainTemplate(prompt));
  return { ids: maxLength === undefined ? ids : ids.slice(0, maxLength), fullLength: ids.length };
}

/** The beginning of a text that has so many tokens; all of it if it is shorter. */
export function beginning(tokenizer: Tokenizer, text: string, maxLength: number): string {
  const ids = tokenizer.encode(text);
  return ids.length <= maxLength ? text : tokenizer.decode(ids.slice(0, maxLength));
}

/**
 * The tokens of a prompt that shows pictures, with one image token for every merged cell of every picture.
 * Source: transformers `models/qwen2_5_vl/processing_qwen2_5_vl.py`, Qwen2_5_VLProcessor.__call__
 * @throws OmniError `bad_request` if the prompt itself has image tokens in it
 */
export function encodeChatPrompt(
  tokenizer: Tokenizer,
  prompt: string,
  images: readonly PatchGrid[],
  { vision, imageTokenId }: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
): EncodedPrompt {
  const short = tokenizer.encode(chatTemplate(prompt, images.length));
  const ids: number[] = [];
  let image = 0;
  for (const id of short) {
    if (id !== imageTokenId) {
      ids.push(id);
      continue;
    }
    const grid = images[image++];
    if (!grid) break;
    for (let cell = imageTokenCount(grid, vision); cell > 0; cell--) ids.push(id);
  }
  if (image !== images.length) {
    throw new OmniError({
      code: 'bad_request',
      message: `The prompt contains "${TOKENS.imagePad}", which stands for a picture.`,
      action: `Leave the text ${TOKENS.imagePad} out of the prompt.`,
    });
  }
  return { ids, fullLength: ids.length };
}

/**
 * Checks that there is something to draw or to answer.
 * @param what how messages name it, such as "The prompt"
 * @throws OmniError `bad_request` for a prompt without anything visible in it
 */
export function checkPrompt(prompt: string, what = 'The prompt'): void {
  if (!isBlank(prompt)) return;
  throw new OmniError({
    code: 'bad_request',
    message: `${what} is empty.`,
    action: 'Say in a few words what you want.',
  });
}

/** What a person is told of a prompt that was cut, or undefined if it was not. */
export function cutNote({ ids, fullLength }: EncodedPrompt, what = 'The prompt'): string | undefined {
  const removed = fullLength - ids.length;
  if (removed === 0) return undefined;
  return `${what} is ${fullLength} tokens long with its frame; the model reads ${ids.length}, so that the last ${removed} were left out.`;
}

function turn(role: 'system' | 'user', text: string): string {
  return `${TOKENS.start}${role}\n${text}${TOKENS.end}\n`;
}
