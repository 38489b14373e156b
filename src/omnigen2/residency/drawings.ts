/** The drawings that plans are made for. */

import type { Checkpoint } from '../../checkpoints/checkpoint.ts';
import type { Size } from '../../pictures/image.ts';
import { DEFAULT_SETTINGS, type DrawSettings } from '../../settings/draw-settings.ts';
import type { PlannedDrawing } from './plan.ts';

/** Tokens of a usual prompt, chat template included. */
const USUAL_PROMPT_TOKENS = 164;

/** A guided drawing from words, of the size that the model was trained for. */
export function typicalDrawing({ trainedOn }: Pick<Checkpoint, 'trainedOn'>): PlannedDrawing {
  return {
    ...DEFAULT_SETTINGS,
    width: trainedOn.side,
    height: trainedOn.side,
    promptTokens: Math.min(trainedOn.promptTokens, USUAL_PROMPT_TOKENS),
    references: 0,
  };
}

/** Tokens of the chat template, and the fewest characters of a token of plain text. */
const TEMPLATE_TOKENS = 60;
const CHARACTERS_PER_TOKEN = 3;

/**
 * The drawing of a request, before its prompts are tokenized.
 * @param drawn the size in which it is drawn
 */
export function plannedDrawing(
  input: DrawSettings & { readonly prompt: string; readonly maxSequenceLength: number },
  drawn: Size,
  references: number,
): PlannedDrawing {
  const characters = Math.max(input.prompt.length, input.negativePrompt.length);
  const tokens = TEMPLATE_TOKENS + Math.ceil(characters / CHARACTERS_PER_TOKEN);
  return {
    ...input,
    width: drawn.width,
    height: drawn.height,
    promptTokens: Math.min(tokens, input.maxSequenceLength),
    references,
  };
}
