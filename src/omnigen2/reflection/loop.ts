/**
 * Draw, look, mend: the model checks its own picture and turns what it finds into the next instruction.
 * Source of the idea: arXiv 2506.18871, the reflection mechanism. The loop knows neither model nor clock nor screen; it
 * is handed functions.
 */

import { type CriticAnswer, type CritiqueResult, countSentences, parseCritique } from './critic.ts';

/** What the critic decided after looking at a round. */
export type RoundOutcome =
  /** The picture meets the request: the loop ends with it. */
  | 'accept'
  /** The critique becomes the edit instruction of the next round, on this picture. */
  | 'fix'
  /** The picture does not meet the request, but no round is left. */
  | 'out_of_rounds'
  /** The critic says what it said of the round before: mending again would not help, and the loop ends. */
  | 'repeated'
  /** The critic gave no usable answer: the loop ends with this picture. */
  | 'unclear';

/** What one finished round came to. `round` counts from 1. */
export interface RoundReport {
  readonly round: number;
  /** What was drawn: the request in round 1, then the critique of the round before. */
  readonly instruction: string;
  /** What the model said of its picture. */
  readonly critique: string;
  readonly outcome: RoundOutcome;
  readonly drawMs: number;
  readonly critiqueMs: number;
}

/** One finished round with its picture. */
export interface Round<P> extends RoundReport {
  readonly picture: P;
}

/** What happens, as it happens. */
export type ReflectEvent<P> =
  | { readonly type: 'drawing'; readonly round: number; readonly instruction: string }
  | { readonly type: 'picture'; readonly round: number; readonly picture: P; readonly drawMs: number }
  /** `text` is all that the critic has written so far. */
  | { readonly type: 'critique'; readonly round: number; readonly text: string }
  | { readonly type: 'round'; readonly report: RoundReport };

export interface ReflectOptions<P> {
  readonly request: string;
  readonly references: readonly P[];
  /** How many pictures may be drawn; 1 draws once and does not look. */
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
}

export interface ReflectResult<P> {
  readonly picture: P;
  /** The round that `picture` is of, counted from 1. */
  readonly kept: number;
  /** Every round that was looked at. */
  readonly rounds: readonly Round<P>[];
}

/**
 * Draws the request, then mends the picture round by round until the critic accepts it, has nothing new to say, or no round
 * is left. A picture that was never accepted is that of the round of which the critic said least, the first of these: what
 * mending did not better it has at most changed.
 * @throws whatever `draw` and `look` throw, and AbortError between them after an abort
 */
export async function reflect<P>(options: ReflectOptions<P>): Promise<ReflectResult<P>> {
  const { request, rounds, draw, now, signal, onEvent } = options;
  const reports: Round<P>[] = [];
  let best: { readonly picture: P; readonly kept: number; readonly sentences: number } | undefined;
  let instruction = request;
  let { references } = options;
  for (let round = 1; ; round++) {
    signal?.throwIfAborted();
    onEvent?.({ type: 'drawing', round, instruction });
    const start = now();
    const picture = await draw({ round, instruction, references });
    const drawn = now();
    onEvent?.({ type: 'picture', round, picture, drawMs: drawn - start });
    if (rounds <= 1) return { picture, kept: round, rounds: reports };

    signal?.throwIfAborted();
    const onText = (text: string) => onEvent?.({ type: 'critique', round, text });
    const verdict = parseCritique(await options.critique({ picture, request, onText }));
    const outcome = decide(verdict, round >= rounds, reports.at(-1)?.critique);
    const report: RoundReport = {
      round,
      instruction,
      critique: verdict.critique,
      outcome,
      drawMs: drawn - start,
      critiqueMs: now() - drawn,
    };
    reports.push({ ...report, picture });
    onEvent?.({ type: 'round', report });
    if (verdict.kind !== 'fix') return { picture, kept: round, rounds: reports };
    const sentences = countSentences(verdict.critique);
    if (!best || sentences < best.sentences) best = { picture, kept: round, sentences };
    if (outcome !== 'fix') return { picture: best.picture, kept: best.kept, rounds: reports };
    instruction = verdict.critique;
    references = [picture];
  }
}

function decide(verdict: CritiqueResult, isLast: boolean, before: string | undefined): RoundOutcome {
  if (verdict.kind !== 'fix') return verdict.kind;
  if (verdict.critique === before) return 'repeated';
  return isLast ? 'out_of_rounds' : 'fix';
}
