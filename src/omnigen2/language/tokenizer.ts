/** What the pipeline asks of a tokenizer. */

import type { MllmConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';

export interface Tokenizer {
  /** The ids of a text. The text of special tokens gives their ids, and nothing is added. */
  encode(text: string): number[];
  /** The text of ids, special tokens included. */
  decode(ids: readonly number[]): string;
  /** The id of a token, or undefined if there is none of that text. */
  idOf(token: string): number | undefined;
}

/** Special tokens that templates are made of. */
export const TOKENS = {
  start: '<|im_start|>',
  end: '<|im_end|>',
  visionStart: '<|vision_start|>',
  visionEnd: '<|vision_end|>',
  imagePad: '<|image_pad|>',
  /** Written by the model where it wants to draw. */
  image: '<|img|>',
  endOfText: '<|endoftext|>',
} as const;

/**
 * Checks that tokenizer and language model mean the same by the tokens that stand for pictures, and that the model knows
 * every token of the templates.
 * @throws OmniError `bad_checkpoint` for the first one that differs
 */
export function checkTokenIds(tokenizer: Tokenizer, config: MllmConfig): void {
  const named: readonly (readonly [field: string, id: number, token: string])[] = [
    ['image_token_id', config.imageTokenId, TOKENS.imagePad],
    ['vision_start_token_id', config.visionStartTokenId, TOKENS.visionStart],
    ['vision_end_token_id', config.visionEndTokenId, TOKENS.visionEnd],
  ];
  for (const [field, id, token] of named) {
    if (tokenizer.idOf(token) !== id) {
      throw differs(`${token} the id ${tokenizer.idOf(token)}, but mllm/config.json has ${field} ${id}`);
    }
  }
  const { vocabSize } = config.language;
  for (const token of Object.values(TOKENS)) {
    const id = tokenizer.idOf(token);
    if (id !== undefined && id >= vocabSize) {
      throw differs(`${token} the id ${id}, but mllm/config.json has vocab_size ${vocabSize}`);
    }
  }
}

function differs(what: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `processor/tokenizer.json gives ${what}.`,
    action: 'Use the tokenizer and the language model of the same checkpoint.',
  });
}
