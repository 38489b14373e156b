/**
 * Writes text after a prompt, token by token.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2_chat.py`, generate_text, and transformers
 * `generation/utils.py`, GenerationMixin._sample, with `generation/stopping_criteria.py`.
 */

import { OmniError } from '../../errors.ts';
import type { Mllm, PromptImage } from './mllm.ts';
import { PromptCache } from './prompt-cache.ts';
import type { Chosen, TokenSampler } from './sampling.ts';

/** What the official chat pipeline stops at. Source: OmniGen2ChatPipeline.generate_text */
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
  readonly choose: TokenSampler;
  /** Gives the text of ids, special tokens included. */
  readonly decode: (ids: readonly number[]) => string;
  /** What was read before: only what is new of the prompt is read, and the text written is held as well. */
  readonly cache?: PromptCache;
  /** Is given the last hidden states `[L - known, H]` of the prompt's tokens from `known` on, which were read now. */
  readonly onPrompt?: (hidden: Float32Array, known: number) => void;
  /** Whether to give the logits of every step. */
  readonly returnLogits?: boolean;
  readonly signal?: AbortSignal;
  /** Called for every token with all text so far that is certain: never half of a character. */
  readonly onToken?: (token: Chosen & { readonly text: string }) => void;
}

export interface Generated {
  /** The new tokens; one that ends the text is among them. */
  readonly ids: readonly number[];
  /** Their text, special tokens included. */
  readonly text: string;
  /** The probability that each token was chosen with. */
  readonly probabilities: readonly number[];
  /** Whether the text ended by itself, or because no more tokens were allowed. */
  readonly ended: 'stop' | 'length';
  /** Per token, the logits `[V]` it was chosen from; empty unless asked for. */
  readonly logits: readonly Float32Array[];
}

/**
 * Reads the prompt once, then writes one token after another from the cache.
 * @throws AbortError within one token of an abort; OmniError `bad_request` if prompt and pictures do not fit, or for a
 *   number of tokens that is none
 */
export async function generate(mllm: Mllm, options: GenerateOptions): Promise<Generated> {
  const { maxNewTokens, stopStrings, stopIds, choose, decode, returnLogits, signal, onToken } = options;
  const { hiddenSize } = mllm.config.language;
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1) {
    throw new OmniError({
      code: 'bad_request',
      message: `An answer of at most ${maxNewTokens} tokens was asked for.`,
      action: 'Allow it one token or more, in a whole number.',
    });
  }
  const seen = new Set(options.ids);
  const ids: number[] = [];
  const probabilities: number[] = [];
  const logits: Float32Array[] = [];
  let text = '';
  const cache = options.cache ?? new PromptCache(mllm);
  try {
    let { hidden, known } = await cache.read(options.ids, options.images ?? [], signal);
    options.onPrompt?.(hidden, known);
    while (ids.length < maxNewTokens) {
      signal?.throwIfAborted();
      if (ids.length > 0) hidden = await cache.append(ids[ids.length - 1]);
      const row = await mllm.logits(hidden.subarray(-hiddenSize));
      signal?.throwIfAborted();
      if (returnLogits) logits.push(row);
      const { id, probability } = choose(row, seen);
      ids.push(id);
      probabilities.push(probability);
      seen.add(id);
      const before = text.length;
      text = decode(ids);
      const stops = stopIds.includes(id) || stopStrings.some((stop) => endsWithin(text, stop, before));
      onToken?.({ id, probability, text: stops ? text : certain(text) });
      if (stops) return { ids, text, probabilities, ended: 'stop', logits };
    }
    return { ids, text, probabilities, ended: 'length', logits };
  } finally {
    if (!options.cache) cache.clear();
  }
}

/** Whether `stop` stands in `text` and ends after its first `before` characters, that is, in what the last token added. */
function endsWithin(text: string, stop: string, before: number): boolean {
  return text.indexOf(stop, Math.max(0, before - stop.length + 1)) >= 0;
}

/** The text without a last character of which some bytes are still missing. */
export function certain(text: string): string {
  return text.replace(/\uFFFD+$/, '');
}
