/** A note for pictures that are much larger or smaller than the training pictures of the model. */

import type { TrainedOn } from '../checkpoints/checkpoint.ts';
import type { Size } from '../pictures/image.ts';

/** Side in pixels of the pictures of the released model, which was trained on many smaller sizes too. */
export const RELEASED_MODEL_SIDE = 1024;
/** Up to this ratio of areas, pictures look as they should. */
const MAX_AREA_RATIO = 1.5;

/** @param size the size of the drawing in pixels */
export function trainedSizeNote({ side }: Pick<TrainedOn, 'side'>, size: Size): string | undefined {
  if (side >= RELEASED_MODEL_SIDE) return undefined;
  const ratio = (size.width * size.height) / side ** 2;
  if (Math.max(ratio, 1 / ratio) <= MAX_AREA_RATIO) return undefined;
  return `This model was trained at ${side} × ${side} pixels; other sizes are experimental.`;
}
