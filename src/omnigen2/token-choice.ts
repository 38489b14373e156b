/** Which token comes next. */

/**
 * Chooses the next token.
 * @param logits `[V]`, as the model gives them; must not be changed
 * @param seen every id so far, prompt and image tokens included
 */
export type TokenChoice = (logits: Float32Array, seen: ReadonlySet<number>) => number;

/**
 * The likeliest token after tokens that occurred before are made less likely: a positive logit is divided by the
 * penalty, a negative one multiplied. The released `generation_config.json` asks for a temperature of 1e-6, which comes to
 * the same. Source: transformers `generation/logits_process.py`, RepetitionPenaltyLogitsProcessor
 */
export function likeliest(repetitionPenalty: number): TokenChoice {
  // The official code scales in float32.
  const penalty = Math.fround(repetitionPenalty);
  return (logits, seen) => {
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let id = 0; id < logits.length; id++) {
      let score = logits[id];
      if (penalty !== 1 && seen.has(id)) {
        score = Math.fround(score < 0 ? score * penalty : score / penalty);
      }
      if (score > bestScore) {
        best = id;
        bestScore = score;
      }
    }
    return best;
  };
}
