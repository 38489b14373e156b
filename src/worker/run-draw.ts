/** Runs one drawing job in the worker and turns its events into those of the protocol. */

import { type DrawingEvent, drawWithReflection } from '../omnigen2/drawing.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import { referenceLimits } from '../omnigen2/pipeline.ts';
import { referenceImage } from '../omnigen2/pixels.ts';
import { referenceCheck } from '../omnigen2/sizes.ts';
import { decodeImage } from '../pictures/decode.web.ts';
import type { RgbImage } from '../pictures/image.ts';
import type { DrawRequest, JobEvent, JobResult } from '../protocol.ts';
import { drawOptions } from './draw-options.ts';
import { toPicture } from './picture.ts';
import { progressEvent } from './progress-event.ts';
import { StepClock } from './step-clock.ts';

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
  const options = drawOptions(settings, model);
  const limits = referenceLimits(options, model.config.vae);
  const notes: string[] = [];
  const images: RgbImage[] = [];
  for (const [i, file] of references.entries()) {
    signal.throwIfAborted();
    const name = `Image ${i + 1}`;
    // At once in the size that is needed: five photographs in full size take hundreds of megabytes.
    images.push(
      referenceImage(
        await decodeImage(file, name, { checkSize: referenceCheck(limits), notes }),
        limits,
        name,
      ),
    );
  }
  const clock = new StepClock();
  const {
    kept,
    rounds: reports,
    notes: drawn,
  } = await drawWithReflection(model, { ...options, prompt, references: images }, rounds, {
    signal,
    previews: true,
    now: () => performance.now(),
    onEvent: (event) => {
      const told = jobEvent(event, clock);
      if (told) emit(told);
    },
  });
  return {
    type: 'picture',
    round: kept,
    rounds: Math.max(1, reports.length),
    notes: [...notes, ...drawn],
    totalMs: performance.now() - start,
  };
}

function jobEvent(event: DrawingEvent, clock: StepClock): JobEvent | undefined {
  switch (event.type) {
    // The page knows by the first progress of a round that it has begun.
    case 'drawing':
      return undefined;
    case 'progress':
      return progressEvent(event.round, event.progress, clock);
    case 'picture':
      return { ...event, picture: toPicture(event.picture) };
    case 'critique':
      return { type: 'reflecting', round: event.round, text: event.text };
    case 'round':
      return event;
    default:
      return event satisfies never;
  }
}
