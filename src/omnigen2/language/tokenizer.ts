/** The interface of the tokenizer, and the special tokens of the prompt templates. */

import type { MllmConfig } from '../../config/config.ts';
import { OmniError } from '../../errors.ts';

export interface Tokenizer {
  /** The ids of a text. Special tokens in the text become their ids; no others are added. */
  encode(text: string): number[];
  /** The text of ids, special tokens included. */
  decode(ids: readonly number[]): string;
  /** The id of a token; undefined if the vocabulary does not have it. */
  idOf(token: string): number | undefined;
}

/** Special tokens of the templates and of replies. */
export const TOKENS = {
  start: '<|im_start|>',
  end: '<|im_end|>',
  visionStart: '<|vision_start|>',
  visionEnd: '<|vision_end|>',
  imagePad: '<|image_pad|>',
  /** The model generates it to ask for a picture. */
  image: '<|img|>',
  endOfText: '<|endoftext|>',
} as const;

/**
 * Checks that tokenizer and language model agree on the picture tokens, and that the model's vocabulary has
 * every token of the templates.
 * @throws OmniError `bad_checkpoint` for the first mismatch
 */
export function checkTokenIds(tokenizer: Tokenizer, config: MllmConfig): void {
  const named: readonly (readonly [field: string, id: number, token: string])[] = [
    ['image_token_id', config.imageTokenId, TOKENS.imagePad],
    ['vision_start_token_id', config.visionStartTokenId, TOKENS.visionStart],
    ['vision_end_token_id', config.visionEndTokenId, TOKENS.visionEnd],
  ];
  for (const [field, id, token] of named) {
    if (tokenizer.idOf(token) !== id) {
      throw mismatch(`${token} the id ${tokenizer.idOf(token)}, but mllm/config.json has ${field} ${id}`);
    }
  }
  const { vocabSize } = config.language;
  for (const token of Object.values(TOKENS)) {
    const id = tokenizer.idOf(token);
    if (id !== undefined && id >= vocabSize) {
      throw mismatch(`${token} the id ${id}, but mllm/config.json has vocab_size ${vocabSize}`);
    }
  }
}

function mismatch(what: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `processor/tokenizer.json gives ${what}.`,
    action: 'Use the tokenizer and the language model of the same checkpoint.',
  });
}
