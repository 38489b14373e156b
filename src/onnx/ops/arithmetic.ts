/** Operators on single elements, casts and reductions. Binary operators broadcast. */

import type { GraphBuilder, Value } from '../graph.ts';
import { axisOf, broadcast, MICROSOFT, sameType } from './checks.ts';

function binary(op: string) {
  return (g: GraphBuilder, a: Value, b: Value): Value => {
    sameType(op, a, b);
    return g.node(op, [a, b], a.type, broadcast(op, a, b));
  };
}

export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const div = binary('Div');

function unary(op: string) {
  return (g: GraphBuilder, x: Value): Value => g.node(op, [x], x.type, x.shape);
}

export const tanh = unary('Tanh');
export const sigmoid = unary('Sigmoid');
export const sqrt = unary('Sqrt');
export const exp = unary('Exp');
export const sin = unary('Sin');
export const cos = unary('Cos');
export const relu = unary('Relu');
export const abs = unary('Abs');
export const floor = unary('Floor');

/** `x * sigmoid(x)`. */
export function silu(g: GraphBuilder, x: Value): Value {
  return mul(g, x, sigmoid(g, x));
}

/** `x * Phi(x)` with the exact normal distribution function. */
export function gelu(g: GraphBuilder, x: Value): Value {
  return g.node('Gelu', [x], x.type, x.shape, {}, MICROSOFT);
}

/** A float32 scalar. */
export function scalar(g: GraphBuilder, value: number): Value {
  return g.constant('float32', [], [value]);
}

/** `x + value`, element by element. */
export function addScalar(g: GraphBuilder, x: Value, value: number): Value {
  return add(g, x, scalar(g, value));
}

/** `x * value`, element by element. */
export function scale(g: GraphBuilder, x: Value, value: number): Value {
  return mul(g, x, scalar(g, value));
}

/** `min(max(x, low), high)`. */
export function clip(g: GraphBuilder, x: Value, low: number, high: number): Value {
  return g.node('Clip', [x, scalar(g, low), scalar(g, high)], x.type, x.shape);
}

/** `x` as another element type, exact or rounded. Adds no node if it has that type already. */
export function castTo(g: GraphBuilder, x: Value, type: 'float32' | 'float16'): Value {
  return x.type === type ? x : g.node('Cast', [x], type, x.shape, { to: type === 'float32' ? 1 : 10 });
}

/** Softmax over the last axis. */
export function softmax(g: GraphBuilder, x: Value): Value {
  return g.node('Softmax', [x], x.type, x.shape, { axis: -1 });
}

/** The mean over one axis, which is removed. */
export function mean(g: GraphBuilder, x: Value, axis: number): Value {
  const at = axisOf('ReduceMean', x, axis);
  const shape = x.shape.filter((_, i) => i !== at);
  return g.node('ReduceMean', [x, g.constant('int64', [1], [at])], x.type, shape, { keepdims: 0 });
}
