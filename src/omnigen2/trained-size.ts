/** What a person is told of a picture that is much larger or smaller than those a model has learnt from. */

import type { TrainedOn } from '../checkpoints/checkpoint.ts';
import type { Size } from '../pictures/image.ts';

/** Side in pixels of what the released model draws; it was trained on pictures of many sizes below that too. */
export const RELEASED_MODEL_SIDE = 1024;
/** So many times more or less area still look as they should. */
const BEARABLE_RATIO = 1.5;

/** @param size the size at which it is drawn */
export function trainedSizeNote({ side }: Pick<TrainedOn, 'side'>, size: Size): string | undefined {
  if (side >= RELEASED_MODEL_SIDE) return undefined;
  const ratio = (size.width * size.height) / side ** 2;
  if (Math.max(ratio, 1 / ratio) <= BEARABLE_RATIO) return undefined;
  return `This model has learnt ${side} x ${side}; other sizes are an experiment.`;
}
