/** Samplers of the next token: greedy, or random with temperature and top-p. */

import { OmniError } from '../../errors.ts';
import { SAMPLING_SETTINGS, type Sampling } from '../../settings/answer-settings.ts';
import { checkSettings } from '../../settings/check.ts';
import { exponential, uniform } from '../random.ts';

export interface SampledToken {
  readonly id: number;
  /** Its probability in the distribution that it was sampled from. */
  readonly probability: number;
}

/**
 * Samples the next token.
 * @param logits `[V]`, as the model gives them; must not be changed
 * @param seen every id so far, prompt and image tokens included
 */
export type TokenSampler = (logits: Float32Array, seen: ReadonlySet<number>) => SampledToken;

export interface SamplerOptions extends Sampling {
  /** Above 0 and up to 100. Makes tokens that occurred before less likely; 1 has no effect. */
  readonly repetitionPenalty: number;
}

/**
 * Greedy decoding with a repetition penalty: the positive logits of tokens that occurred before are divided
 * by the penalty, the negative ones multiplied. The temperature of 1e-6 in the released
 * `generation_config.json` has the same result. The probability of the token is that under the penalized
 * logits.
 * Source: transformers `generation/logits_process.py`, RepetitionPenaltyLogitsProcessor
 */
export function greedySampler(repetitionPenalty: number): TokenSampler {
  const penalized = penalty(repetitionPenalty);
  return (logits, seen) => {
    let id = 0;
    let best = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      const score = penalized(logits, i, seen);
      if (score > best) {
        id = i;
        // Math.exp is ten times as fast as `exponential`, and the choice of the token does not depend on it.
        sum = sum * Math.exp(best - score) + 1;
        best = score;
      } else if (score > Number.NEGATIVE_INFINITY) {
        sum += Math.exp(score - best);
      }
    }
    return { id, probability: 1 / sum };
  };
}

/**
 * Random sampling: penalizes the logits as {@link greedySampler} does, divides them by the temperature and
 * keeps the most likely tokens up to `topP`.
 * Source: transformers `generation/utils.py`, GenerationMixin._get_logits_processor (the order), and
 * `generation/logits_process.py`, TemperatureLogitsWarper, TopPLogitsWarper (min_tokens_to_keep 1)
 * @param turn gives each reply that shares a seed its own random numbers
 * @throws OmniError `bad_request` for a value outside of its range
 */
export function topPSampler(options: SamplerOptions, turn = 0): TokenSampler {
  checkOptions(options);
  const { temperature, topP, seed, repetitionPenalty } = options;
  if (temperature === 0) return greedySampler(repetitionPenalty);
  const penalized = penalty(repetitionPenalty);
  const next = uniform(seed, `tokens/${turn}`);
  let weights = new Float64Array(0);
  return (logits, seen) => {
    if (weights.length !== logits.length) weights = new Float64Array(logits.length);
    let best = Number.NEGATIVE_INFINITY;
    for (let id = 0; id < weights.length; id++) {
      weights[id] = penalized(logits, id, seen);
      if (weights[id] > best) best = weights[id];
    }
    let total = 0;
    for (let id = 0; id < weights.length; id++) {
      weights[id] = exponential((weights[id] - best) / temperature);
      total += weights[id];
    }
    return topP < 1
      ? sample(weights, nucleus(weights, topP * total), next())
      : sample(weights, undefined, next());
  };
}

/** @throws OmniError `bad_request` for the first value that is out of range */
function checkOptions({ repetitionPenalty, ...sampling }: SamplerOptions): void {
  checkSettings(SAMPLING_SETTINGS, sampling);
  if (repetitionPenalty > 0 && repetitionPenalty <= 100) return;
  throw new OmniError({
    code: 'bad_request',
    message: `The repetition penalty ${repetitionPenalty} is not a number above 0 and up to 100.`,
    action: 'Choose 1 for none, or about 1.05.',
  });
}

/** Gives the penalized logit of a token, scaled in float32 as in the official code. */
function penalty(repetitionPenalty: number) {
  const factor = Math.fround(repetitionPenalty);
  return (logits: Float32Array, id: number, seen: ReadonlySet<number>): number => {
    const score = logits[id];
    if (factor === 1 || !seen.has(id)) return score;
    return Math.fround(score < 0 ? score * factor : score / factor);
  };
}

/** The first threshold of the search for the most likely tokens, relative to the largest weight. */
const FIRST_FLOOR = 1e-3;

/**
 * The ids with the largest weights whose sum reaches `wanted`, at least one, in rising order.
 * @param weights the largest is 1
 */
function nucleus(weights: Float64Array, wanted: number): readonly number[] {
  const ids: number[] = [];
  // Few of the hundred thousand tokens of a vocabulary are likely. Only those are sorted.
  for (let floor = FIRST_FLOOR; ; floor = floor < 1e-18 ? 0 : floor / 64) {
    ids.length = 0;
    let mass = 0;
    for (let id = 0; id < weights.length; id++) {
      if (!(weights[id] >= floor)) continue;
      ids.push(id);
      mass += weights[id];
    }
    if (mass >= wanted || floor === 0) break;
  }
  ids.sort((a, b) => weights[b] - weights[a] || a - b);
  let count = 0;
  for (let mass = 0; count < ids.length && (count === 0 || mass < wanted); count++)
    mass += weights[ids[count]];
  ids.length = count;
  return ids.sort((a, b) => a - b);
}

/**
 * Samples by inverting the cumulative weights. They are summed in the order of ids, not of weights, so that
 * two tokens of nearly equal weight do not change places with the last digit of an engine.
 * @param among the ids to sample from; all without it
 * @param point uniform in [0, 1)
 */
function sample(weights: Float64Array, among: readonly number[] | undefined, point: number): SampledToken {
  const count = among?.length ?? weights.length;
  const idAt = (i: number) => (among ? among[i] : i);
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[idAt(i)];
  let id = -1;
  for (let i = 0, left = point * total; i < count; i++) {
    const weight = weights[idAt(i)];
    if (weight === 0) continue;
    id = idAt(i);
    left -= weight;
    if (left < 0) break;
  }
  return { id, probability: weights[id] / total };
}
