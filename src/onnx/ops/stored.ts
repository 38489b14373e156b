/** Stored float tensors as values of a graph. */

import type { StoredTensor } from '../../tensors/stored.ts';
import type { ElementType, GraphBuilder, Value } from '../graph.ts';
import { castTo } from './arithmetic.ts';

/**
 * A stored float tensor as `type`. The engine casts it when the session opens, if it can read the stored
 * type. Otherwise the tensor is derived before.
 * @param castsBfloat16 whether the engine reads bfloat16
 */
export function storedFloat(
  g: GraphBuilder,
  tensor: StoredTensor,
  type: 'float32' | 'float16',
  { castsBfloat16, shape }: { castsBfloat16: boolean; shape?: readonly number[] },
): Value {
  const read = readType(tensor, castsBfloat16);
  return read ? castTo(g, g.stored(tensor, read, shape), type) : g.derived(tensor, type, shape);
}

/** The element type in which the engine reads a stored tensor. Undefined if it cannot. */
function readType({ dtype }: StoredTensor, castsBfloat16: boolean): ElementType | undefined {
  if (dtype === 'F32') return 'float32';
  if (dtype === 'F16') return 'float16';
  return dtype === 'BF16' && castsBfloat16 ? 'bfloat16' : undefined;
}
