/** Draws from a prompt in the chat template, as the official chat pipeline does. */

import type { OmniGen2Model } from '../model.ts';
import { type DrawHooks, type DrawInput, type DrawResult, draw } from '../pipeline.ts';
import { encodeChatPrompt } from './chat-prompt.ts';
import type { SpecialTokens } from './prompt.ts';

/**
 * Draws with text features from the chat template. Both the language model and the VAE get the references,
 * the language model in full size. The negative prompt uses the chat template too. Prompts are not truncated.
 * Source: OmniGen2ChatPipeline.generate_image
 * @param condition the text features of the prompt if they are already known: see {@link encodeChatPrompt}
 * @throws OmniError, AbortError: see {@link draw} and {@link encodeChatPrompt}
 */
export function drawFromChatPrompt(
  model: OmniGen2Model,
  options: DrawInput,
  hooks: Omit<DrawHooks, 'condition'>,
  specialTokens: SpecialTokens,
  condition?: Float32Array,
): Promise<DrawResult> {
  const { prompt, negativePrompt, references } = options;
  return draw(model, options, {
    ...hooks,
    condition: async (role) =>
      role === 'negative'
        ? encodeChatPrompt(model, negativePrompt, [], specialTokens)
        : (condition ?? encodeChatPrompt(model, prompt, references, specialTokens)),
  });
}
