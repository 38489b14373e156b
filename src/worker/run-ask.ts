/** Runs one question to the language model in the worker. */

import { ask } from '../omnigen2/language/ask.ts';
import { relativeBoxes } from '../omnigen2/language/grounding.ts';
import { visionPreprocessor, visionSizeNotes } from '../omnigen2/language/vision-size.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import { visionSize } from '../omnigen2/sizes.ts';
import type { AskRequest, JobEvent, JobResult } from '../protocol.ts';
import { decodePictures } from './decode-pictures.ts';

/**
 * Generates the answer to one question.
 * @param emit receives the answer so far as it grows
 * @throws OmniError for what cannot be answered; AbortError after an abort
 */
export async function runAsk(
  signal: AbortSignal,
  model: OmniGen2Model,
  { question, pictures, maxNewTokens, sampling }: AskRequest,
  emit: (event: JobEvent) => void,
): Promise<JobResult> {
  const start = performance.now();
  const notes: string[] = [];
  const images = await decodePictures(signal, pictures, notes);
  notes.push(...visionSizeNotes(model, images));
  const answer = await ask(model, question, images, {
    maxNewTokens,
    sampling,
    signal,
    onText: (text) => emit({ type: 'answering', text }),
  });
  const [image] = images;
  // With several pictures a box does not say which one it belongs to.
  const found =
    image && images.length === 1
      ? relativeBoxes(answer.text, visionSize(image, visionPreprocessor(model)))
      : [];
  return { type: 'answer', ...answer, found, notes, totalMs: performance.now() - start };
}
