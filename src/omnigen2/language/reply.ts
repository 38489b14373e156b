/** Turns generated text into a reply: text to show, a picture to draw, or both. */

import { withoutPartialCharacter } from './generate.ts';
import { TOKENS } from './tokenizer.ts';

export interface ParsedReply {
  readonly text: string;
  /** Whether the model asks for a picture. */
  readonly draws: boolean;
}

/**
 * Parses generated text. A picture token anywhere asks for a picture. The text to show has no special tokens
 * and no incomplete last character, and is trimmed.
 * @param official follows the official code: only text that begins with the picture token asks for a picture,
 *   and only the end-of-turn token is removed. Source: OmniGen2
 *   `pipelines/omnigen2/pipeline_omnigen2_chat.py`, OmniGen2ChatPipeline.__call__
 */
export function parseReply(generated: string, official = false): ParsedReply {
  return official
    ? { text: generated.replaceAll(TOKENS.end, ''), draws: generated.startsWith(TOKENS.image) }
    : { text: visibleText(withoutPartialCharacter(generated)), draws: generated.includes(TOKENS.image) };
}

/** Removes special tokens and outer white space. */
export function visibleText(text: string): string {
  return text.replaceAll(/<\|\w+\|>/g, '').trim();
}
