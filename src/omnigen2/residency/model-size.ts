/** Which default settings a model is drawn with. */

import type { Checkpoint } from '../../checkpoints/checkpoint.ts';
import type { ModelSize } from '../../settings/draw-settings.ts';
import { CPU_NUMERICS, type Numerics } from '../graphs/numerics.ts';
import { packsBranches } from './layer-ranges.ts';

/**
 * A model is large if its guidance branches run one after another: its layers exceed 128 MiB.
 * @param numerics Default: those of a CPU
 */
export function modelSize(
  { components }: Pick<Checkpoint, 'components'>,
  numerics: Numerics = CPU_NUMERICS,
): ModelSize {
  return packsBranches(components.transformer, numerics) ? 'small' : 'large';
}
