/** Which token comes next: the likeliest one, or one drawn by chance from the likely ones. */

import { OmniError } from '../../errors.ts';
import { checkSeed, exponential, uniform } from '../random.ts';

/** A token, and the probability it had in the distribution that it was chosen from. */
export interface Chosen {
  readonly id: number;
  readonly probability: number;
}

/**
 * Chooses the next token.
 * @param logits `[V]`, as the model gives them; must not be changed
 * @param seen every id so far, prompt and image tokens included
 */
export type TokenSampler = (logits: Float32Array, seen: ReadonlySet<number>) => Chosen;

/** How words are chosen by chance. */
export interface Sampling {
  /** Below 1 the likely tokens become likelier still, above 1 all become more alike; 0 takes the likeliest one. */
  readonly temperature: number;
  /** Tokens are drawn from the likeliest ones that together have this share of the probability, 0 … 1; at least from one. */
  readonly topP: number;
  /** 0 … 2^32 - 1; the same seed gives the same text. */
  readonly seed: number;
}

export interface SamplerOptions extends Sampling {
  /** Tokens that occurred before are made so much less likely; 1 leaves them as they are. */
  readonly repetitionPenalty: number;
}

/**
 * The likeliest token after tokens that occurred before are made less likely: a positive logit is divided by the
 * penalty, a negative one multiplied. The released `generation_config.json` asks for a temperature of 1e-6, which comes to
 * the same. Its probability is that of the penalised logits.
 * Source: transformers `generation/logits_process.py`, RepetitionPenaltyLogitsProcessor
 */
export function greedySampler(repetitionPenalty: number): TokenSampler {
  const penalised = penalty(repetitionPenalty);
  return (logits, seen) => {
    let id = 0;
    let best = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      const score = penalised(logits, i, seen);
      if (score > best) {
        id = i;
        // The engine's own exponential, ten times as fast: which token is chosen does not hang on it.
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
 * A token drawn by chance: logits are penalised as by {@link likeliest}, divided by the temperature, and the unlikely rest
 * beyond `topP` is left out.
 * Source: transformers `generation/utils.py`, GenerationMixin._get_logits_processor (the order), and
 * `generation/logits_process.py`, TemperatureLogitsWarper, TopPLogitsWarper (min_tokens_to_keep 1)
 * @param turn numbers the answers that one seed is used for: each draws its own random numbers
 * @throws OmniError `bad_request`: see {@link checkSampling}
 */
export function topPSampler(sampling: SamplerOptions, turn = 0): TokenSampler {
  checkSampling(sampling);
  const { temperature, topP, seed, repetitionPenalty } = sampling;
  if (temperature === 0) return greedySampler(repetitionPenalty);
  const penalised = penalty(repetitionPenalty);
  const next = uniform(seed, `tokens/${turn}`);
  let weights = new Float64Array(0);
  return (logits, seen) => {
    if (weights.length !== logits.length) weights = new Float64Array(logits.length);
    let best = Number.NEGATIVE_INFINITY;
    for (let id = 0; id < weights.length; id++) {
      weights[id] = penalised(logits, id, seen);
      if (weights[id] > best) best = weights[id];
    }
    let total = 0;
    for (let id = 0; id < weights.length; id++) {
      weights[id] = exponential((weights[id] - best) / temperature);
      total += weights[id];
    }
    return topP < 1
      ? draw(weights, nucleus(weights, topP * total), next())
      : draw(weights, undefined, next());
  };
}

/** @throws OmniError `bad_request` for the first value that words cannot be chosen by */
function checkSampling({ temperature, topP, seed, repetitionPenalty }: SamplerOptions): void {
  const refuse = (message: string, action: string) => {
    throw new OmniError({ code: 'bad_request', message, action });
  };
  if (!(temperature >= 0 && temperature <= 100)) {
    refuse(
      `The temperature ${temperature} is not a number from 0 to 100.`,
      'Choose 0 for the likeliest words, or about 0.7 for varied ones.',
    );
  }
  if (!(topP >= 0 && topP <= 1)) {
    refuse(
      `The share of likely words (top-p) ${topP} is not a number from 0 to 1.`,
      'Choose 1 to allow every word, or about 0.9 to leave the unlikely ones out.',
    );
  }
  if (!(repetitionPenalty > 0 && repetitionPenalty <= 100)) {
    refuse(
      `The repetition penalty ${repetitionPenalty} is not a number above 0 and up to 100.`,
      'Choose 1 for none, or about 1.05.',
    );
  }
  checkSeed(seed);
}

/** Gives the score of a token. The official code scales in float32. */
function penalty(repetitionPenalty: number) {
  const by = Math.fround(repetitionPenalty);
  return (logits: Float32Array, id: number, seen: ReadonlySet<number>): number => {
    const score = logits[id];
    if (by === 1 || !seen.has(id)) return score;
    return Math.fround(score < 0 ? score * by : score / by);
  };
}

/** Least weight, in parts of the largest, at which the first search for the likely tokens ends. */
const FIRST_FLOOR = 1e-3;

/**
 * The heaviest ids in rising order: every one that those before it do not yet weigh `wanted` together; one at least.
 * @param weights the largest is 1
 */
function nucleus(weights: Float64Array, wanted: number): readonly number[] {
  const ids: number[] = [];
  // A vocabulary has a hundred thousand tokens, of which a handful is likely: only those are put in order.
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
 * The id that `chance` (0 … 1) falls on, where ids lie side by side by weight. In the order of ids, not of weights: two
 * tokens about as likely must not change places by the last digit of an engine.
 */
function draw(weights: Float64Array, among: readonly number[] | undefined, chance: number): Chosen {
  const count = among?.length ?? weights.length;
  const idAt = (i: number) => (among ? among[i] : i);
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[idAt(i)];
  let id = -1;
  for (let i = 0, left = chance * total; i < count; i++) {
    const weight = weights[idAt(i)];
    if (weight === 0) continue;
    id = idAt(i);
    left -= weight;
    if (left < 0) break;
  }
  return { id, probability: weights[id] / total };
}
