/** A whole drawing job: draw, and if more rounds are allowed, look at the picture and mend it. */

import { MAX_NEW_TOKENS } from '../config/config.ts';
import { OmniError } from '../errors.ts';
import type { RgbImage } from '../pictures/image.ts';
import type { SkipDecision } from './acceleration/acceleration.ts';
import { ask } from './language/ask.ts';
import { beginning } from './language/prompt.ts';
import type { OmniGen2Model } from './model.ts';
import { type DrawOptions, type DrawProgress, draw } from './pipeline.ts';
import { critiqueQuestion } from './reflection/critic.ts';
import { type ReflectEvent, type ReflectResult, reflect } from './reflection/loop.ts';
import { visionSize } from './sizes.ts';

export type DrawingEvent =
  | ReflectEvent<RgbImage>
  | { readonly type: 'progress'; readonly round: number; readonly progress: DrawProgress };

export interface DrawingHooks {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DrawingEvent) => void;
  readonly previews?: boolean;
  /** Sees what an acceleration decides, branch by branch, step by step, round by round. */
  readonly onDecision?: (decision: SkipDecision) => void;
  /** The time in milliseconds, from any start. */
  readonly now: () => number;
}

export interface Drawing extends ReflectResult<RgbImage> {
  /** Said to the person, each once. */
  readonly notes: readonly string[];
}

/**
 * Draws `options.prompt`, in up to `rounds` rounds. Every round after the first edits the picture of the round before,
 * with the critique as instruction; it takes another seed, so that the same mistake is not drawn twice.
 * @throws OmniError, AbortError: see `pipeline.ts`, `chat.ts`
 */
export async function drawWithReflection(
  model: OmniGen2Model,
  options: DrawOptions,
  rounds: number,
  { signal, onEvent, previews, onDecision, now }: DrawingHooks,
): Promise<Drawing> {
  const notes = new Set<string>();
  const reflected = await reflect<RgbImage>({
    request: options.prompt,
    references: options.references,
    rounds,
    now,
    signal,
    onEvent,
    draw: async ({ round, instruction, references }) => {
      const result = await draw(
        model,
        { ...options, prompt: instruction, references, seed: (options.seed + round - 1) >>> 0 },
        {
          signal,
          previews,
          onDecision,
          onProgress: (progress) => onEvent?.({ type: 'progress', round, progress }),
        },
      );
      for (const note of result.notes) notes.add(note);
      return result.image;
    },
    critique: async ({ picture, request, onText }) => {
      const unseen = whyUnseen(model, picture);
      if (unseen !== undefined) {
        notes.add(unseen);
        return { text: '', complete: true };
      }
      // No more than was drawn from.
      const asked = beginning(await model.tokenizer(), request, options.maxSequenceLength);
      return ask(model, critiqueQuestion(asked), [picture], {
        maxNewTokens: MAX_NEW_TOKENS,
        signal,
        onText,
      });
    },
  });
  return { ...reflected, notes: [...notes] };
}

/** Why the model cannot look at a picture that it has drawn; such a picture is kept as it is. */
function whyUnseen({ config }: OmniGen2Model, picture: RgbImage): string | undefined {
  try {
    visionSize(picture, config.preprocessor);
    return undefined;
  } catch (error) {
    if (!(error instanceof OmniError)) throw error;
    return `${error.message.replace(/\.$/, '')}, so that it was not checked.`;
  }
}
