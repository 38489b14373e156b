/** Checks of shapes and types that operators share. Named dimensions are equal if their names are. */

import { type Dim, GraphError, type Shape, type Value } from '../graph.ts';

/** Options of nodes with a fused operator of onnxruntime. */
export const MICROSOFT = { domain: 'com.microsoft' } as const;

/** @throws GraphError always */
export function fail(op: string, reason: string): never {
  throw new GraphError(`${op}: ${reason}`);
}

/** Name, type and shape of a value, for error messages. */
export function show(value: Value): string {
  return `${value.name} ${value.type}[${value.shape.join(', ')}]`;
}

/** @throws GraphError if the element types differ */
export function sameType(op: string, ...values: readonly Value[]): void {
  if (values.some(({ type }) => type !== values[0].type))
    fail(op, `types differ: ${values.map(show).join(', ')}`);
}

/**
 * The index of an axis; a negative `axis` counts from the end.
 * @throws GraphError if there is no such axis
 */
export function axisOf(op: string, value: Value, axis: number): number {
  const positive = axis < 0 ? axis + value.shape.length : axis;
  if (positive < 0 || positive >= value.shape.length) fail(op, `axis ${axis} of ${show(value)}`);
  return positive;
}

/** The size of a dimension with a fixed size. @throws GraphError if the dimension is a name */
export function fixed(value: Value, axis: number): number {
  const dim = value.shape[axisOf('fixed', value, axis)];
  return typeof dim === 'number'
    ? dim
    : fail('fixed', `dimension ${axis} of ${show(value)} must be a number`);
}

/** The shape of `a` and `b` broadcast against each other. @throws GraphError if they do not broadcast */
export function broadcast(op: string, a: Value, b: Value): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a.shape[i - rank + a.shape.length] ?? 1;
    const y = b.shape[i - rank + b.shape.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    return fail(op, `${show(a)} and ${show(b)} do not broadcast`);
  });
}

/** The sum of dimensions: a number if all are fixed, else a name. */
export function sumDims(dims: readonly Dim[]): Dim {
  return dims.every((dim) => typeof dim === 'number')
    ? dims.reduce<number>((a, dim) => a + dim, 0)
    : dims.join('+');
}
