/** Answers one question about pictures in the worker. */

import { askAboutPicture } from '../omnigen2/chat.ts';
import { decodeImage } from '../omnigen2/images/decode.web.ts';
import type { RgbImage } from '../omnigen2/images/image.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import type { AskRequest, JobEvent, JobResult } from '../protocol.ts';

/**
 * @param emit is given the answer as it grows
 * @throws OmniError or AbortError: the outcome, if it is not an answer
 */
export async function runAsk(
  signal: AbortSignal,
  model: OmniGen2Model,
  { question, pictures, maxNewTokens, sampling }: AskRequest,
  emit: (event: JobEvent) => void,
): Promise<JobResult> {
  const start = performance.now();
  const notes: string[] = [];
  const images: RgbImage[] = [];
  for (const [i, file] of pictures.entries()) {
    images.push(await decodeImage(file, `Picture ${i + 1}`, { notes }));
  }
  const { text, draws } = await askAboutPicture(model, question, images, {
    maxNewTokens,
    sampling,
    signal,
    onText: (soFar) => emit({ type: 'answering', text: soFar }),
  });
  return { type: 'answer', text, draws, notes, totalMs: performance.now() - start };
}
