/** Runs one drawing in the worker and turns its events into those of the protocol. */

import { drawLimits, referenceLimits } from '../omnigen2/draw-limits.ts';
import { type DrawingEvent, drawWithReflection } from '../omnigen2/drawing.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';
import { resizeReference } from '../omnigen2/pixels.ts';
import { type ReferenceLimits, referenceCheck } from '../omnigen2/sizes.ts';
import { decodeImage } from '../pictures/decode.web.ts';
import type { RgbImage } from '../pictures/image.ts';
import type { DrawingSnapshot, DrawRequest, JobEvent, JobResult } from '../protocol.ts';
import { toPicture } from './picture.ts';
import { progressEvent } from './progress-event.ts';
import { fromSnapshot, toSnapshot } from './snapshot.ts';
import { StepClock } from './step-clock.ts';

export interface DrawSink {
  /** Receives every event except the last one. */
  emit(event: JobEvent): void;
  snapshot(snapshot: DrawingSnapshot): void;
}

/**
 * Draws one picture, in up to `rounds` rounds.
 * @param resume continues the job from this state
 * @throws OmniError for what cannot be drawn; AbortError after an abort
 */
export async function runDraw(
  signal: AbortSignal,
  model: OmniGen2Model,
  { prompt, references: files, settings, rounds }: DrawRequest,
  sink: DrawSink,
  resume?: DrawingSnapshot,
): Promise<JobResult> {
  const start = performance.now() - (resume?.spentMs ?? 0);
  const spentMs = () => performance.now() - start;
  const limits = drawLimits(settings, model.checkpoint.trainedOn);
  const notes: string[] = [];
  const references = await decodeReferences(signal, files, referenceLimits(limits, model.config.vae), notes);
  const clock = new StepClock();
  const drawing = await drawWithReflection(model, { ...settings, ...limits, prompt, references }, rounds, {
    signal,
    previews: true,
    now: () => performance.now(),
    onEvent: (event) => {
      const sent = jobEvent(event, clock);
      if (sent) sink.emit(sent);
    },
    onSnapshot: (snapshot) => sink.snapshot(toSnapshot(snapshot, spentMs())),
    resume: resume && fromSnapshot(resume),
  });
  return {
    type: 'picture',
    round: drawing.pictureRound,
    rounds: Math.max(1, drawing.rounds.length),
    notes: [...notes, ...drawing.notes],
    totalMs: spentMs(),
  };
}

/** Decodes references and resizes each at once: five photographs in full size take hundreds of megabytes. */
async function decodeReferences(
  signal: AbortSignal,
  files: readonly Blob[],
  limits: ReferenceLimits,
  notes: string[],
): Promise<RgbImage[]> {
  const references: RgbImage[] = [];
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted();
    const name = `Image ${i + 1}`;
    const decoded = await decodeImage(file, name, { checkSize: referenceCheck(limits), notes });
    references.push(resizeReference(decoded, limits, name));
  }
  return references;
}

function jobEvent(event: DrawingEvent, clock: StepClock): JobEvent | undefined {
  switch (event.type) {
    // The first progress of a round tells the page that it has begun.
    case 'drawing':
      return undefined;
    case 'progress':
      return progressEvent(event.round, event.progress, clock);
    case 'picture':
      return { ...event, picture: toPicture(event.picture) };
    case 'critique':
      return { type: 'critiquing', round: event.round, text: event.text };
    case 'round':
      return event;
    default:
      return event satisfies never;
  }
}
