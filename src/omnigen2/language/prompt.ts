/**
 * Prompts of the language model: templates, tokens, and image tokens.
 *
 * The plain template, for drawing, has text only and no assistant turn. The chat template puts pictures
 * before the text and ends with the start of the assistant's turn.
 */

import type { MllmConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';
import type { PatchGrid } from '../diffusion/patches.ts';
import { isBlank } from './blank.ts';
import { imageTokenCount } from './rope-positions.ts';
import { TOKENS, type Tokenizer } from './tokenizer.ts';

/** Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline._apply_chat_template */
const SYSTEM = 'You are a helpful assistant that generates high-quality images based on user instructions.';

/** A prompt as token ids. */
export interface TokenizedPrompt {
  readonly ids: readonly number[];
  /** Tokens before truncation. */
  readonly fullLength: number;
}

/**
 * A prompt in the plain template. Also for negative prompts, including the empty one.
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline._apply_chat_template
 */
export function plainTemplate(prompt: string): string {
  return `${turn('system', SYSTEM)}${turn('user', prompt)}`;
}

/**
 * A prompt in the chat template, with one image token per picture.
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2_chat.py, OmniGen2ChatPipeline._apply_chat_template
 */
export function chatTemplate(prompt: string, imageCount: number): string {
  const [before, after] = aroundPrompt(imageCount);
  return `${before}${prompt}${after}`;
}

/** The chat template before and after the prompt. */
function aroundPrompt(imageCount: number): readonly [before: string, after: string] {
  const [before, after] = aroundTurn(imageCount);
  return [`${turn('system', SYSTEM)}${before}`, after];
}

/** The same without the system turn, which only precedes the first turn. */
function aroundTurn(imageCount: number): readonly [before: string, after: string] {
  const { visionStart, imagePad, visionEnd, start, end } = TOKENS;
  const images = Array.from(
    { length: imageCount },
    (_, i) => `<img${i + 1}>: ${visionStart}${imagePad}${visionEnd}`,
  );
  return [`${start}user\n${images.join('')}`, `${end}\n${start}assistant\n`];
}

/**
 * Tokenizes a prompt in the plain template.
 * @param maxLength drops tokens after this many, including those that end the turn
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline._get_qwen2_prompt_embeds
 */
export function tokenizePlainPrompt(
  tokenizer: Tokenizer,
  prompt: string,
  maxLength?: number,
): TokenizedPrompt {
  const ids = tokenizer.encode(plainTemplate(prompt));
  return { ids: maxLength === undefined ? ids : ids.slice(0, maxLength), fullLength: ids.length };
}

/** Truncates a text to at most `maxLength` tokens. */
export function truncateText(tokenizer: Tokenizer, text: string, maxLength: number): string {
  const ids = tokenizer.encode(text);
  return ids.length <= maxLength ? text : tokenizer.decode(ids.slice(0, maxLength));
}

/** How special tokens in a person's text, such as `<|image_pad|>`, are tokenized. */
export type SpecialTokens =
  /** As ordinary text. */
  | 'text'
  /** As special tokens, as in the official code. They can break the template. */
  | 'tokens';

/**
 * Tokenizes a prompt in the chat template, with one image token for every merged cell of every picture.
 * Source: transformers `models/qwen2_5_vl/processing_qwen2_5_vl.py`, Qwen2_5_VLProcessor.__call__
 * @throws OmniError `bad_request` if a prompt with pictures contains image tokens in its own text
 */
export function tokenizeChatPrompt(
  tokenizer: Tokenizer,
  prompt: string,
  images: readonly PatchGrid[],
  config: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
  specialTokens: SpecialTokens,
): number[] {
  const short = tokenizeAround(tokenizer, aroundPrompt(images.length), prompt, specialTokens);
  return expandImageTokens(short, images, config);
}

/**
 * Tokenizes a later turn of a conversation: ends the reply before it and continues as
 * {@link tokenizeChatPrompt}.
 * @throws OmniError `bad_request`: see {@link tokenizeChatPrompt}
 */
export function tokenizeTurn(
  tokenizer: Tokenizer,
  prompt: string,
  images: readonly PatchGrid[],
  config: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
  specialTokens: SpecialTokens,
): number[] {
  const [before, after] = aroundTurn(images.length);
  const short = tokenizeAround(tokenizer, [`${TOKENS.end}\n${before}`, after], prompt, specialTokens);
  return expandImageTokens(short, images, config);
}

function tokenizeAround(
  tokenizer: Tokenizer,
  [before, after]: readonly [string, string],
  prompt: string,
  specialTokens: SpecialTokens,
): number[] {
  // Splitting after the "<" keeps a special token from being recognized.
  const pieces = specialTokens === 'text' ? prompt.split(/(?<=<)(?=\|\w+\|>)/) : [prompt];
  pieces[0] = before + pieces[0];
  pieces[pieces.length - 1] += after;
  return pieces.flatMap((piece) => tokenizer.encode(piece));
}

/** Repeats the image token of each picture once per merged cell. */
function expandImageTokens(
  short: readonly number[],
  images: readonly PatchGrid[],
  { vision, imageTokenId }: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
): number[] {
  if (images.length === 0) return [...short];
  const ids: number[] = [];
  let image = 0;
  for (const id of short) {
    const count = id !== imageTokenId ? 1 : images[image] ? imageTokenCount(images[image], vision) : 0;
    if (id === imageTokenId) image++;
    for (let i = 0; i < count; i++) ids.push(id);
  }
  if (image !== images.length) {
    throw new OmniError({
      code: 'bad_request',
      message: `The prompt contains "${TOKENS.imagePad}", the placeholder of a picture.`,
      action: `Remove the text ${TOKENS.imagePad} from the prompt.`,
    });
  }
  return ids;
}

/**
 * Checks that a prompt has visible text.
 * @param what how the message names it, such as "The prompt"
 * @throws OmniError `bad_request` if it has none
 */
export function checkPrompt(prompt: string, what = 'The prompt'): void {
  if (!isBlank(prompt)) return;
  throw new OmniError({
    code: 'bad_request',
    message: `${what} is empty.`,
    action: 'Say in a few words what you want.',
  });
}

/** A note for a truncated prompt. */
export function truncationNote(
  { ids, fullLength }: TokenizedPrompt,
  what = 'The prompt',
): string | undefined {
  const removed = fullLength - ids.length;
  if (removed === 0) return undefined;
  return `${what} is ${fullLength} tokens long with its template; the model takes ${ids.length}, so the last ${removed} were dropped.`;
}

function turn(role: 'system' | 'user', text: string): string {
  return `${TOKENS.start}${role}\n${text}${TOKENS.end}\n`;
}
