/**
 * Writes text after a prompt, token by token.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, generate_text, and transformers
 * `generation/utils.py`, GenerationMixin._sample, with `generation/stopping_criteria.py`.
 */

import type { Mllm, PromptImage } from './mllm.ts';
import type { TokenChoice } from './token-choice.ts';

/** What the official chat pipeline stops at. Source: OmniGen2ChatPipeline.generate_text */
export const STOP_STRINGS = ['<|im_end|>', '<|img|>', '<|endoftext|>'] as const;
/** How many tokens the official chat pipeline writes at most. Source: OmniGen2ChatPipeline.generate_text */
export const MAX_NEW_TOKENS = 256;

export interface GenerateOptions {
  /** The prompt, with one image token for every merged cell of every picture. */
  readonly ids: ArrayLike<number>;
  readonly images?: readonly PromptImage[];
  readonly maxNewTokens: number;
  /** The text ends with the token that completes one of these. */
  readonly stopStrings: readonly string[];
  /** The text ends with one of these tokens. */
  readonly stopIds: readonly number[];
  readonly choose: TokenChoice;
  /** Gives the text of ids, special tokens included. */
  readonly decode: (ids: readonly number[]) => string;
  /** Whether to give the logits of every step. */
  readonly keepLogits?: boolean;
  readonly signal?: AbortSignal;
  /** Called for every token with all text so far that is certain: never half of a character. */
  readonly onToken?: (token: { readonly id: number; readonly text: string }) => void;
}

export interface Generated {
  /** The new tokens; one that ends the text is among them. */
  readonly ids: readonly number[];
  /** Their text, special tokens included. */
  readonly text: string;
  /** Whether the text ended by itself, or because no more tokens were allowed. */
  readonly ended: 'stop' | 'length';
  /** Per token, the logits `[V]` it was chosen from; empty unless asked for. */
  readonly logits: readonly Float32Array[];
}

/**
 * Reads the prompt once, then writes one token after another from the cache.
 * @throws AbortError within one token of an abort; OmniError `bad_request` if prompt and pictures do not fit
 */
export async function generate(mllm: Mllm, options: GenerateOptions): Promise<Generated> {
  const { maxNewTokens, stopStrings, stopIds, choose, decode, keepLogits, signal, onToken } = options;
  const { hiddenSize } = mllm.config.language;
  const seen = new Set(Array.from(options.ids));
  const ids: number[] = [];
  const kept: Float32Array[] = [];
  let text = '';
  let prompt = await mllm.read(options.ids, options.images, signal);
  try {
    while (ids.length < maxNewTokens) {
      signal?.throwIfAborted();
      if (ids.length > 0) prompt = await mllm.append(prompt, ids[ids.length - 1]);
      const logits = await mllm.logits(prompt.hidden.subarray(-hiddenSize));
      signal?.throwIfAborted();
      if (keepLogits) kept.push(logits);
      const id = choose(logits, seen);
      ids.push(id);
      seen.add(id);
      const before = text.length;
      text = decode(ids);
      const stops = stopIds.includes(id) || stopStrings.some((stop) => endsWithin(text, stop, before));
      onToken?.({ id, text: stops ? text : certain(text) });
      if (stops) return { ids, text, ended: 'stop', logits: kept };
    }
    return { ids, text, ended: 'length', logits: kept };
  } finally {
    mllm.forget(prompt);
  }
}

/** Whether `stop` stands in `text` and ends after its first `before` characters, that is, in what the last token added. */
function endsWithin(text: string, stop: string, before: number): boolean {
  return text.indexOf(stop, Math.max(0, before - stop.length + 1)) >= 0;
}

/** The text without a last character of which some bytes are still missing. */
function certain(text: string): string {
  return text.replace(/\uFFFD+$/, '');
}
