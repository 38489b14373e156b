/**
 * Prompts as the language model reads them: templates, tokens, and the places of pictures.
 *
 * The plain pipeline shows the model text alone, without opening its answer; the chat pipeline puts pictures before the
 * instruction and opens the answer.
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
  const [before, after] = chatFrame(imageCount);
  return `${before}${prompt}${after}`;
}

/** What stands before and after the words of a person. */
function chatFrame(imageCount: number): readonly [before: string, after: string] {
  const [before, after] = turnFrame(imageCount);
  return [`${turn('system', SYSTEM)}${before}`, after];
}

/** The same without the turn of the system, which stands before the first one alone. */
function turnFrame(imageCount: number): readonly [before: string, after: string] {
  const { visionStart, imagePad, visionEnd, start, end } = TOKENS;
  const images = Array.from(
    { length: imageCount },
    (_, i) => `<img${i + 1}>: ${visionStart}${imagePad}${visionEnd}`,
  );
  return [`${start}user\n${images.join('')}`, `${end}\n${start}assistant\n`];
}

/**
 * The tokens of a prompt for drawing.
 * @param maxLength tokens beyond this are cut off at the end, those that close the turn among them
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

/** The beginning of a text that has so many tokens; all of it if it is shorter. */
export function beginning(tokenizer: Tokenizer, text: string, maxLength: number): string {
  const ids = tokenizer.encode(text);
  return ids.length <= maxLength ? text : tokenizer.decode(ids.slice(0, maxLength));
}

/** What becomes of the text of special tokens that a person typed, such as `<|image_pad|>`. */
export type TypedTokens =
  /** It is read as the words that it is. */
  | 'words'
  /** It becomes those tokens, as in the official code, whatever this does to the frame of the prompt. */
  | 'tokens';

/**
 * The tokens of a prompt that shows pictures, with one image token for every merged cell of every picture.
 * Source: transformers `models/qwen2_5_vl/processing_qwen2_5_vl.py`, Qwen2_5_VLProcessor.__call__
 * @throws OmniError `bad_request` if typed image tokens would take the place of pictures
 */
export function tokenizeChatPrompt(
  tokenizer: Tokenizer,
  prompt: string,
  images: readonly PatchGrid[],
  config: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
  typed: TypedTokens,
): number[] {
  const short = encodeFramed(tokenizer, chatFrame(images.length), prompt, typed);
  return withCells(short, images, config);
}

/**
 * The tokens of a later turn of a conversation: they end the answer before, and go on as {@link tokenizeChatPrompt}.
 * @throws OmniError `bad_request`: see {@link tokenizeChatPrompt}
 */
export function tokenizeTurn(
  tokenizer: Tokenizer,
  prompt: string,
  images: readonly PatchGrid[],
  config: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
  typed: TypedTokens,
): number[] {
  const [before, after] = turnFrame(images.length);
  const short = encodeFramed(tokenizer, [`${TOKENS.end}\n${before}`, after], prompt, typed);
  return withCells(short, images, config);
}

function encodeFramed(
  tokenizer: Tokenizer,
  [before, after]: readonly [string, string],
  prompt: string,
  typed: TypedTokens,
): number[] {
  // Cut behind the "<", none of the two parts is a special token any more.
  const pieces = typed === 'words' ? prompt.split(/(?<=<)(?=\|\w+\|>)/) : [prompt];
  pieces[0] = before + pieces[0];
  pieces[pieces.length - 1] += after;
  return pieces.flatMap((piece) => tokenizer.encode(piece));
}

/** Repeats the image token of each picture for every merged cell of it. */
function withCells(
  short: readonly number[],
  images: readonly PatchGrid[],
  { vision, imageTokenId }: Pick<MllmConfig, 'vision' | 'imageTokenId'>,
): number[] {
  if (images.length === 0) return [...short];
  const ids: number[] = [];
  let image = 0;
  for (const id of short) {
    const cells = id !== imageTokenId ? 1 : images[image] ? imageTokenCount(images[image], vision) : 0;
    if (id === imageTokenId) image++;
    for (let cell = 0; cell < cells; cell++) ids.push(id);
  }
  if (image !== images.length) {
    throw new OmniError({
      code: 'bad_request',
      message: `The prompt contains "${TOKENS.imagePad}", which stands for a picture.`,
      action: `Leave the text ${TOKENS.imagePad} out of the prompt.`,
    });
  }
  return ids;
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
export function truncationNote(
  { ids, fullLength }: TokenizedPrompt,
  what = 'The prompt',
): string | undefined {
  const removed = fullLength - ids.length;
  if (removed === 0) return undefined;
  return `${what} is ${fullLength} tokens long with its frame; the model reads ${ids.length}, so that the last ${removed} were left out.`;
}

function turn(role: 'system' | 'user', text: string): string {
  return `${TOKENS.start}${role}\n${text}${TOKENS.end}\n`;
}
