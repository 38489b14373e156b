/**
 * Generates text after a prompt, token by token.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, generate_text; transformers
 * `generation/utils.py`, GenerationMixin._sample, and `generation/stopping_criteria.py`.
 */

import { OmniError } from '../../errors.ts';
import type { Mllm } from './mllm.ts';
import { PromptCache } from './prompt-cache.ts';
import type { SampledToken, TokenSampler } from './sampling.ts';
import type { PromptImage } from './vision-patches.ts';

/** The stop strings of the official chat pipeline. Source: OmniGen2ChatPipeline.generate_text */
export const STOP_STRINGS = ['<|im_end|>', '<|img|>', '<|endoftext|>'] as const;

export interface GenerateOptions {
  /** The prompt, with one image token for every merged cell of every picture. */
  readonly ids: readonly number[];
  readonly images?: readonly PromptImage[];
  readonly maxNewTokens: number;
  /** The text ends with the token that completes one of these. */
  readonly stopStrings: readonly string[];
  /** The text ends with one of these tokens. */
  readonly stopIds: readonly number[];
  readonly sampler: TokenSampler;
  /** Gives the text of ids, special tokens included. */
  readonly decode: (ids: readonly number[]) => string;
  /** Only the part of the prompt that it does not hold is prefilled; the generated tokens are added to it. */
  readonly cache?: PromptCache;
  /** Receives the last hidden states `[L - cached, H]` of the prompt tokens that were not in the cache. */
  readonly onPrompt?: (hidden: Float32Array, cached: number) => void;
  /** Whether to return the logits of every token. */
  readonly returnLogits?: boolean;
  readonly signal?: AbortSignal;
  /** Called for every token, with the text so far up to its last complete character. */
  readonly onToken?: (token: SampledToken & { readonly text: string }) => void;
}

export interface Generated {
  /** The new tokens, including a token that ends the text. */
  readonly ids: readonly number[];
  /** Their text, special tokens included. */
  readonly text: string;
  /** The probability of each token when it was sampled. */
  readonly probabilities: readonly number[];
  /** `stop` at a stop string or token, `length` at `maxNewTokens`. */
  readonly ended: 'stop' | 'length';
  /** The logits `[V]` of each token; empty without `returnLogits`. */
  readonly logits: readonly Float32Array[];
}

/**
 * Prefills the prompt once, then generates tokens with the key/value cache.
 * @throws AbortError within one token of an abort; OmniError `bad_request` if the prompt does not fit its
 *   pictures or if `maxNewTokens` is not a positive integer
 * @example
 * const { text } = await generate(mllm, {
 *   ids: tokenizer.encode('a cat'),
 *   maxNewTokens: 32,
 *   stopStrings: STOP_STRINGS,
 *   stopIds: [],
 *   sampler: greedySampler(1.05),
 *   decode: (ids) => tokenizer.decode(ids),
 * });
 */
export async function generate(mllm: Mllm, options: GenerateOptions): Promise<Generated> {
  const { maxNewTokens, stopStrings, stopIds, sampler, decode, returnLogits, signal, onToken } = options;
  const { hiddenSize } = mllm.config.language;
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1) {
    throw new OmniError({
      code: 'bad_request',
      message: `An answer cannot have at most ${maxNewTokens} tokens.`,
      action: 'Allow a whole number of tokens, at least one.',
    });
  }
  const seen = new Set(options.ids);
  const ids: number[] = [];
  const probabilities: number[] = [];
  const logits: Float32Array[] = [];
  let text = '';
  const cache = options.cache ?? new PromptCache(mllm);
  try {
    let { hidden, cached } = await cache.prefill(options.ids, options.images ?? [], signal);
    options.onPrompt?.(hidden, cached);
    while (ids.length < maxNewTokens) {
      signal?.throwIfAborted();
      if (ids.length > 0) hidden = await cache.append(ids[ids.length - 1]);
      const row = await mllm.logits(hidden.subarray(-hiddenSize));
      signal?.throwIfAborted();
      if (returnLogits) logits.push(row);
      const { id, probability } = sampler(row, seen);
      ids.push(id);
      probabilities.push(probability);
      seen.add(id);
      const before = text.length;
      text = decode(ids);
      const stops = stopIds.includes(id) || stopStrings.some((stop) => endsAfter(text, stop, before));
      onToken?.({ id, probability, text: stops ? text : withoutPartialCharacter(text) });
      if (stops) return { ids, text, probabilities, ended: 'stop', logits };
    }
    return { ids, text, probabilities, ended: 'length', logits };
  } finally {
    if (!options.cache) cache.clear();
  }
}

/** Whether `text` contains a `stop` that ends after the first `before` characters. */
function endsAfter(text: string, stop: string, before: number): boolean {
  return text.indexOf(stop, Math.max(0, before - stop.length + 1)) >= 0;
}

/** Removes a last character that still lacks bytes: decoders write it as U+FFFD. */
export function withoutPartialCharacter(text: string): string {
  return text.replace(/\uFFFD+$/, '');
}
