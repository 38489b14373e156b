/** What a generated text means: words for a person, a picture to draw, or both. */

import { certain } from './generate.ts';
import { TOKENS } from './tokenizer.ts';

export interface ParsedReply {
  readonly text: string;
  /** Whether the model asks for a picture. */
  readonly draws: boolean;
}

/**
 * Where a generated text leads. A text that asks for a picture anywhere draws it, and its words are what a person reads of
 * it: without special tokens, outer white space, and a last character that is cut off.
 * @param official decides as the official code does: only a text that begins with the token draws, and of the special
 *   tokens the one that ends a turn alone is left out. Source: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`,
 *   OmniGen2ChatPipeline.__call__
 */
export function parseReply(generated: string, official = false): ParsedReply {
  return official
    ? { text: generated.replaceAll(TOKENS.end, ''), draws: generated.startsWith(TOKENS.image) }
    : { text: visibleText(certain(generated)), draws: generated.includes(TOKENS.image) };
}

/** Without special tokens, whose text no person wants to read, and outer white space. */
export function visibleText(text: string): string {
  return text.replaceAll(/<\|\w+\|>/g, '').trim();
}
