/** Progress of the pipeline as an event of the protocol. */

import type { DrawProgress } from '../omnigen2/pipeline.ts';
import type { JobEvent } from '../protocol.ts';
import { toPicture } from './picture.ts';
import type { StepClock } from './step-clock.ts';

export function progressEvent(round: number, progress: DrawProgress, clock: StepClock): JobEvent {
  if (progress.type !== 'denoising') return { ...progress, round };
  const { preview, work, ...rest } = progress;
  return {
    ...rest,
    round,
    preview: preview && toPicture(preview),
    ...clock.after(progress.step, work),
  };
}
