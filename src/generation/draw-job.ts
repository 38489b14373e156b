/** Runs one drawing job in the worker and turns its events into those of the protocol. */

import { type DrawingEvent, drawWithReflection } from '../omnigen2/drawing.ts';
import { decodeImage } from '../omnigen2/images/decode.web.ts';
import type { RgbImage } from '../omnigen2/images/image.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import { type DrawProgress, drawDefaults } from '../omnigen2/pipeline.ts';
import type { DrawRequest, JobEvent, JobResult } from '../protocol.ts';
import { toPicture } from './picture.ts';

/**
 * @param emit is given every event but the outcome
 * @throws OmniError or AbortError: the outcome, if it is not a picture
 */
export async function runDraw(
  signal: AbortSignal,
  model: OmniGen2Model,
  { prompt, references, settings, rounds }: DrawRequest,
  emit: (event: JobEvent) => void,
): Promise<JobResult> {
  const start = performance.now();
  const defaults = drawDefaults(settings, model.checkpoint.trainedOn);
  const notes: string[] = [];
  const images: RgbImage[] = [];
  for (const [i, file] of references.entries()) {
    images.push(await decodeImage(file, `Image ${i + 1}`, { limits: defaults, notes }));
  }
  const pace = new Pace();
  const { rounds: reports, notes: drawn } = await drawWithReflection(
    model,
    { ...defaults, ...settings, prompt, references: images },
    rounds,
    {
      signal,
      previews: true,
      now: () => performance.now(),
      onEvent: (event) => emit(jobEvent(event, pace)),
    },
  );
  const round = Math.max(1, reports.length);
  return {
    type: 'picture',
    round,
    rounds: round,
    notes: [...notes, ...drawn],
    totalMs: performance.now() - start,
  };
}

function jobEvent(event: DrawingEvent, pace: Pace): JobEvent {
  switch (event.type) {
    case 'progress':
      return progressEvent(event.round, event.progress, pace);
    case 'picture':
      return { ...event, picture: toPicture(event.picture) };
    case 'looking':
      return { type: 'reflecting', round: event.round, text: event.text };
    case 'round':
      return event;
    default:
      return event satisfies never;
  }
}

function progressEvent(round: number, progress: DrawProgress, pace: Pace): JobEvent {
  if (progress.type !== 'denoising') return { ...progress, round };
  const { preview, ...rest } = progress;
  return {
    ...rest,
    round,
    preview: preview && toPicture(preview),
    ...pace.after(progress.step, progress.steps),
  };
}

/** How long the steps of a round take, and how long the rest will. */
class Pace {
  #start = 0;
  #first = 0;

  /** The first step is slower (the engine compiles its kernels), so the later ones tell the pace. */
  after(step: number, steps: number): { elapsedMs: number; remainingMs?: number } {
    const now = performance.now();
    if (step === 0) this.#start = now;
    if (step === 1) this.#first = now;
    const elapsedMs = now - this.#start;
    if (step === 0) return { elapsedMs };
    const perStep = step === 1 ? elapsedMs : (now - this.#first) / (step - 1);
    return { elapsedMs, remainingMs: perStep * (steps - step) };
  }
}
