/** What the pipeline asks of a tokenizer. */

export interface Tokenizer {
  /** The ids of a text. The text of special tokens gives their ids, and nothing is added. */
  encode(text: string): number[];
  /** The text of ids. @param skipSpecial leaves out the tokens that the tokenizer's files mark as special */
  decode(ids: readonly number[], options?: { readonly skipSpecial?: boolean }): string;
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
