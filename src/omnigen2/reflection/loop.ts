/**
 * The reflection loop: draw, critique, fix. The model checks its own picture, and its critique is the next
 * instruction.
 * Source of the idea: arXiv 2506.18871, the reflection mechanism. The loop does not depend on the model, the
 * clock or the page: it takes functions.
 */

import { type CriticAnswer, type CritiqueResult, countSentences, parseCritique } from './critic.ts';

/** How a round ended. */
export type RoundOutcome =
  /** The picture meets the request. The loop ends with it. */
  | 'accept'
  /** The critique is the edit instruction of the next round, on this picture. */
  | 'fix'
  /** The picture does not meet the request, but this was the last round. */
  | 'out_of_rounds'
  /** The critique is the same as in the previous round. The loop ends, because another fix would not help. */
  | 'repeated'
  /** The answer of the critic is unusable. The loop ends with this picture. */
  | 'unclear';

/** A finished round. */
export interface RoundReport {
  /** From 1. */
  readonly round: number;
  /** The prompt of the drawing: the request in round 1, then the critique of the previous round. */
  readonly instruction: string;
  readonly critique: string;
  readonly outcome: RoundOutcome;
  readonly drawMs: number;
  readonly critiqueMs: number;
}

/** A finished round with its picture. */
export interface Round<P> extends RoundReport {
  readonly picture: P;
}

export type ReflectEvent<P> =
  | { readonly type: 'drawing'; readonly round: number; readonly instruction: string }
  | { readonly type: 'picture'; readonly round: number; readonly picture: P; readonly drawMs: number }
  /** `text` is the whole critique so far. */
  | { readonly type: 'critique'; readonly round: number; readonly text: string }
  | { readonly type: 'round'; readonly report: RoundReport };

export interface ReflectOptions<P> {
  readonly request: string;
  readonly references: readonly P[];
  /** The most pictures to draw. 1 draws once without a critique. */
  readonly rounds: number;
  readonly draw: (job: {
    readonly round: number;
    readonly instruction: string;
    readonly references: readonly P[];
  }) => Promise<P>;
  readonly critique: (job: {
    readonly picture: P;
    readonly request: string;
    readonly onText: (text: string) => void;
  }) => Promise<CriticAnswer>;
  /** The time in milliseconds, from any start. */
  readonly now: () => number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ReflectEvent<P>) => void;
  /** Continues an interrupted loop. */
  readonly resume?: ReflectProgress<P>;
}

/** How far a loop has come. */
export interface ReflectProgress<P> {
  /** The finished rounds, each with the outcome `fix`. */
  readonly finished: readonly Round<P>[];
  /** The picture of the round after them, if it is drawn. */
  readonly drawn?: DrawnPicture<P>;
}

export interface DrawnPicture<P> {
  readonly picture: P;
  readonly drawMs: number;
}

export interface ReflectResult<P> {
  readonly picture: P;
  /** The round of `picture`, from 1. */
  readonly pictureRound: number;
  /** Every round with a critique. */
  readonly rounds: readonly Round<P>[];
}

/**
 * Draws the request, then fixes the picture round by round until the critic accepts it, has no new complaint,
 * or no round is left. Without an accepted picture, the result is the picture with the fewest sentences of
 * critique, the first of equal ones.
 * @throws errors of `draw` and `critique`; AbortError between them after an abort
 * @example
 * const { picture, rounds } = await reflect({
 *   request: 'a red cat',
 *   references: [],
 *   rounds: 3,
 *   draw: ({ instruction, references }) => drawPicture(instruction, references),
 *   critique: ({ picture, request, onText }) =>
 *     ask(model, critiqueQuestion(request), [picture], { maxNewTokens: 256, onText }),
 *   now: () => performance.now(),
 * });
 */
export async function reflect<P>(options: ReflectOptions<P>): Promise<ReflectResult<P>> {
  const { request, rounds, now, signal, onEvent } = options;
  const { finished, drawn: begun } = options.resume ?? { finished: [] };
  const reports = [...finished];
  const last = finished.at(-1);
  let best = finished.reduce(fewerSentences<P>, undefined);
  let instruction = last?.critique ?? request;
  let references = last ? [last.picture] : options.references;
  const first = finished.length + 1;
  const drawn = async (round: number): Promise<DrawnPicture<P>> => {
    if (begun && round === first) return begun;
    onEvent?.({ type: 'drawing', round, instruction });
    const start = now();
    const picture = await options.draw({ round, instruction, references });
    return { picture, drawMs: now() - start };
  };
  for (let round = first; ; round++) {
    signal?.throwIfAborted();
    const { picture, drawMs } = await drawn(round);
    const start = now();
    onEvent?.({ type: 'picture', round, picture, drawMs });
    if (rounds <= 1) return { picture, pictureRound: round, rounds: reports };

    signal?.throwIfAborted();
    const onText = (text: string) => onEvent?.({ type: 'critique', round, text });
    const result = parseCritique(await options.critique({ picture, request, onText }));
    const outcome = outcomeOf(result, round >= rounds, reports.at(-1)?.critique);
    const report: RoundReport = {
      round,
      instruction,
      critique: result.critique,
      outcome,
      drawMs,
      critiqueMs: now() - start,
    };
    reports.push({ ...report, picture });
    onEvent?.({ type: 'round', report });
    if (result.kind !== 'fix') return { picture, pictureRound: round, rounds: reports };
    best = fewerSentences(best, { ...report, picture });
    if (outcome !== 'fix') {
      return { picture: best.picture, pictureRound: best.pictureRound, rounds: reports };
    }
    instruction = result.critique;
    references = [picture];
  }
}

interface BestRound<P> {
  readonly picture: P;
  readonly pictureRound: number;
  readonly sentences: number;
}

/** The round with fewer sentences of critique, the earlier one of equal ones. */
function fewerSentences<P>(best: BestRound<P> | undefined, next: Round<P>): BestRound<P> {
  const sentences = countSentences(next.critique);
  if (best && best.sentences <= sentences) return best;
  return { picture: next.picture, pictureRound: next.round, sentences };
}

function outcomeOf(result: CritiqueResult, isLast: boolean, previous: string | undefined): RoundOutcome {
  if (result.kind !== 'fix') return result.kind;
  if (result.critique === previous) return 'repeated';
  return isLast ? 'out_of_rounds' : 'fix';
}
