/** Convolution, pooling and upsampling of pictures `[B, C, H, W]`. */

import type { Dim, GraphBuilder, Value } from '../graph.ts';
import { fail, fixed, show } from './checks.ts';

/**
 * 2-D convolution of `x [B, C, H, W]` by `w [O, C, kh, kw]`.
 * @param height dimension of the output, like `width`; the caller computes both
 */
export function conv2d(
  g: GraphBuilder,
  x: Value,
  w: Value,
  bias: Value,
  { stride = 1, pads, height, width }: { stride?: number; pads: readonly number[]; height: Dim; width: Dim },
): Value {
  if (x.shape[1] !== w.shape[1]) fail('Conv', `${show(x)} by ${show(w)}`);
  return g.node('Conv', [x, w, bias], x.type, [x.shape[0], w.shape[0], height, width], {
    kernel_shape: [fixed(w, 2), fixed(w, 3)],
    strides: [stride, stride],
    pads,
  });
}

/** Doubles height and width of `x [B, C, H, W]` by repeating pixels. The caller names the new dimensions. */
export function upsampleNearest(g: GraphBuilder, x: Value, height: Dim, width: Dim): Value {
  if (x.shape.length !== 4) fail('Resize', show(x));
  const scales = g.constant('float32', [4], [1, 1, 2, 2]);
  return g.node('Resize', [x, undefined, scales], x.type, [x.shape[0], x.shape[1], height, width], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

function globalPool(op: string) {
  return (g: GraphBuilder, x: Value): Value => {
    if (x.shape.length !== 4) fail(op, show(x));
    return g.node(op, [x], x.type, [x.shape[0], x.shape[1], 1, 1]);
  };
}

/** The mean of every channel of `x [B, C, H, W]`: `[B, C, 1, 1]`. */
export const globalAveragePool = globalPool('GlobalAveragePool');
/** The maximum of every channel of `x [B, C, H, W]`: `[B, C, 1, 1]`. */
export const globalMaxPool = globalPool('GlobalMaxPool');

/** The maximum over a `height x width` window around each pixel of `x [B, C, H, W]`. Both sizes are odd. */
export function maxPool(g: GraphBuilder, x: Value, height: number, width: number): Value {
  if (x.shape.length !== 4 || height % 2 === 0 || width % 2 === 0)
    fail('MaxPool', `${show(x)} by ${height} x ${width}`);
  const [top, left] = [(height - 1) / 2, (width - 1) / 2];
  return g.node('MaxPool', [x], x.type, x.shape, {
    kernel_shape: [height, width],
    strides: [1, 1],
    pads: [top, left, top, left],
  });
}
