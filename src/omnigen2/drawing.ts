/** A whole drawing job: draws a picture and, if it has more rounds, lets the model criticize and fix it. */

import { OmniError } from '../errors.ts';
import type { RgbImage } from '../pictures/image.ts';
import { MAX_NEW_TOKENS } from '../settings/answer-settings.ts';
import { checkSetting } from '../settings/check.ts';
import { ROUNDS } from '../settings/job-settings.ts';
import type { SkipDecision } from './acceleration/acceleration.ts';
import type { DrawSnapshot } from './draw-snapshot.ts';
import { ask } from './language/ask.ts';
import { truncateText } from './language/prompt.ts';
import { visionPreprocessor } from './language/vision-size.ts';
import type { OmniGen2Model } from './model.ts';
import { type DrawInput, type DrawProgress, draw } from './pipeline.ts';
import { critiqueQuestion } from './reflection/critic.ts';
import { type ReflectEvent, type ReflectProgress, type ReflectResult, reflect } from './reflection/loop.ts';
import { visionSize } from './sizes.ts';

export type DrawingEvent =
  | ReflectEvent<RgbImage>
  | { readonly type: 'progress'; readonly round: number; readonly progress: DrawProgress };

export interface DrawingHooks {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DrawingEvent) => void;
  readonly previews?: boolean;
  /** Receives every decision of an acceleration: one per round, step and guidance branch. */
  readonly onDecision?: (decision: SkipDecision) => void;
  /** The time in milliseconds, from any start. */
  readonly now: () => number;
  /** Receives the state of the job: before the first step, after each step, picture and round. */
  readonly onSnapshot?: (snapshot: DrawingSnapshot) => void;
  /** Continues the same job from this state. */
  readonly resume?: DrawingSnapshot;
}

/** What a drawing job needs to go on, on any device. */
export interface DrawingSnapshot extends ReflectProgress<RgbImage> {
  /** The round that is being drawn, between two of its steps. */
  readonly drawing?: DrawSnapshot;
  /** Sentences for the person so far. */
  readonly notes: readonly string[];
}

export interface Drawing extends ReflectResult<RgbImage> {
  /** Sentences for the person, without duplicates. */
  readonly notes: readonly string[];
}

/**
 * Draws `input.prompt` in up to `rounds` rounds. Every round after the first edits the picture of the round
 * before, with the critique as instruction. Each round has its own seed, so that the same mistake is not
 * drawn twice.
 * @param rounds 1 … 20; 1 draws once, without a critique
 * @throws OmniError `bad_request` for a wrong number of rounds; OmniError and AbortError as `draw` and `ask`
 *   throw them
 */
export async function drawWithReflection(
  model: OmniGen2Model,
  input: DrawInput,
  rounds: number,
  { signal, onEvent, previews, onDecision, now, onSnapshot, resume }: DrawingHooks,
): Promise<Drawing> {
  checkSetting(ROUNDS, rounds);
  const notes = new Set<string>(resume?.notes);
  const finished = resume?.finished.length ?? 0;
  let progress: ReflectProgress<RgbImage> = resume ?? { finished: [] };
  const report = (drawing?: DrawSnapshot) => onSnapshot?.({ ...progress, drawing, notes: [...notes] });
  const listen = (event: ReflectEvent<RgbImage>) => {
    const { finished: before, drawn } = progress;
    if (event.type === 'picture') progress = { finished: before, drawn: event };
    else if (event.type === 'round' && event.report.outcome === 'fix' && drawn)
      progress = { finished: [...before, { ...event.report, picture: drawn.picture }] };
    onEvent?.(event);
    if (event.type === 'picture' || event.type === 'round') report();
  };
  const reflected = await reflect<RgbImage>({
    request: input.prompt,
    references: input.references,
    rounds,
    now,
    signal,
    onEvent: listen,
    resume,
    draw: async ({ round, instruction, references }) => {
      const result = await draw(
        model,
        { ...input, prompt: instruction, references, seed: (input.seed + round - 1) >>> 0 },
        {
          signal,
          previews,
          onDecision,
          onProgress: (progress) => onEvent?.({ type: 'progress', round, progress }),
          onSnapshot: report,
          resume: round === finished + 1 ? resume?.drawing : undefined,
        },
      );
      for (const note of result.notes) notes.add(note);
      return result.image;
    },
    critique: async ({ picture, request, onText }) => {
      const unchecked = uncheckedNote(model, picture);
      if (unchecked !== undefined) {
        notes.add(unchecked);
        return { text: '', complete: true };
      }
      // A long request is cut for the critic too. It keeps a few tokens more than the drawing, whose template
      // counts against the limit.
      const asked = truncateText(await model.tokenizer(), request, input.maxSequenceLength);
      return ask(model, critiqueQuestion(asked), [picture], {
        maxNewTokens: MAX_NEW_TOKENS.default,
        signal,
        onText,
      });
    },
  });
  return { ...reflected, notes: [...notes] };
}

/** The note about a picture that the vision tower cannot read; it gets no critique and is the result. */
function uncheckedNote(model: OmniGen2Model, picture: RgbImage): string | undefined {
  try {
    visionSize(picture, visionPreprocessor(model));
    return undefined;
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    return `${error.message.replace(/\.$/, '')}, so it was not checked.`;
  }
}
