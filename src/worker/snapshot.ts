/** Snapshots of a draw job between the core (RGB bytes) and the page (RGBA bytes). */

import type { DrawingSnapshot as CoreSnapshot } from '../omnigen2/drawing.ts';
import type { DrawingSnapshot } from '../protocol.ts';
import { fromPicture, toPicture } from './picture.ts';

/** @param spentMs time of the job so far */
export function toSnapshot({ finished, drawn, ...rest }: CoreSnapshot, spentMs: number): DrawingSnapshot {
  return {
    ...rest,
    finished: finished.map((round) => ({ ...round, picture: toPicture(round.picture) })),
    drawn: drawn && { picture: toPicture(drawn.picture), drawMs: drawn.drawMs },
    spentMs,
  };
}

export function fromSnapshot({ finished, drawn, ...rest }: DrawingSnapshot): CoreSnapshot {
  return {
    ...rest,
    finished: finished.map((round) => ({ ...round, picture: fromPicture(round.picture) })),
    drawn: drawn && { picture: fromPicture(drawn.picture), drawMs: drawn.drawMs },
  };
}
