/** Normalization layers. */

import { float, type GraphBuilder, type Value } from '../graph.ts';
import { fail, fixed, sameType, show } from './checks.ts';

/** `x / sqrt(mean(x^2) + eps) * gain` over the last axis. `gain` is `[D]`. */
export function rmsNorm(g: GraphBuilder, x: Value, gain: Value, eps: number): Value {
  sameType('RmsNorm', x, gain);
  if (gain.shape.length !== 1 || gain.shape[0] !== x.shape.at(-1))
    fail('RmsNorm', `${show(x)} by ${show(gain)}`);
  // onnxruntime puts this operator in the default domain, though the ONNX standard has no such operator.
  return g.node('SimplifiedLayerNormalization', [x, gain], x.type, x.shape, {
    axis: -1,
    epsilon: float(eps),
  });
}

/** LayerNorm over the last axis. `gain` and `bias` are `[D]`. */
export function layerNorm(
  g: GraphBuilder,
  x: Value,
  gain: Value,
  bias: Value | undefined,
  eps: number,
): Value {
  return g.node('LayerNormalization', bias ? [x, gain, bias] : [x, gain], x.type, x.shape, {
    axis: -1,
    epsilon: float(eps),
  });
}

/** Normalizes each channel of `x [B, C, ..]` over its remaining axes, without gain or bias. */
export function instanceNorm(g: GraphBuilder, x: Value, eps: number): Value {
  const channels = fixed(x, 1);
  const all = (value: number) => g.constant('float32', [channels], Array<number>(channels).fill(value));
  return g.node('InstanceNormalization', [x, all(1), all(0)], x.type, x.shape, { epsilon: float(eps) });
}
