/** Compares values with goldens. A failed comparison says where the largest error is. */

import { OmniError } from '../../src/errors.ts';
import type { Comparison, GoldenCase, GoldenTensor, Tolerance } from './types.ts';

/** Compares `got` with `want`, both in row-major order. NaN never passes. */
export function compareTensor(
  name: string,
  got: ArrayLike<number>,
  want: GoldenTensor,
  tolerance: Tolerance,
): Comparison {
  if (got.length !== want.data.length) {
    return {
      name,
      maxAbsError: Number.POSITIVE_INFINITY,
      ok: false,
      where: `has ${got.length} values, expected ${want.data.length} (${want.shape.join(' x ')})`,
    };
  }
  let worst = 0;
  let worstAt = -1;
  let ok = true;
  let errorSquares = 0;
  let squares = 0;
  for (let i = 0; i < got.length; i++) {
    const same = Object.is(got[i], want.data[i]) || got[i] === want.data[i];
    const error = same ? 0 : Math.abs(got[i] - want.data[i]);
    const allowed = tolerance.abs + tolerance.rel * Math.abs(want.data[i]);
    if (!(error <= allowed)) ok = false;
    errorSquares += error ** 2;
    squares += want.data[i] ** 2;
    if (!(error <= worst)) {
      worst = error;
      worstAt = i;
    }
  }
  const where =
    worstAt < 0
      ? undefined
      : `at [${unravel(worstAt, want.shape)}] got ${got[worstAt]} want ${want.data[worstAt]}`;
  if (tolerance.norm === undefined) return { name, maxAbsError: worst, ok, where };
  const norm = squares > 0 ? Math.sqrt(errorSquares / squares) : worst;
  return { name, maxAbsError: norm, ok: norm <= tolerance.norm, where: `relative norm ${norm}, ${where}` };
}

/** Compares JSON values exactly. */
export function compareExact(name: string, got: unknown, want: unknown): Comparison {
  const difference = firstDifference(got, want, '');
  return difference === undefined
    ? { name, maxAbsError: 0, ok: true }
    : { name, maxAbsError: 1, ok: false, where: difference };
}

/** The tensor of a case. @throws OmniError if the case does not have it */
export function tensorOf(golden: GoldenCase, name: string): GoldenTensor {
  const tensor = golden.tensors.get(name);
  if (!tensor) throw badCase(golden, `has no tensor ${name}`);
  return tensor;
}

/** The values of a float32 tensor of a case. @throws OmniError if the case does not have it */
export function floatsOf(golden: GoldenCase, name: string): Float32Array {
  const { data } = tensorOf(golden, name);
  if (!(data instanceof Float32Array))
    throw badCase(golden, `has the tensor ${name} with a type other than float32`);
  return data;
}

/** The error for a case whose recording is inconsistent. */
export function badCase({ id }: GoldenCase, why: string): OmniError {
  return new OmniError({
    code: 'bad_request',
    message: `Case ${id} ${why}.`,
    action: 'Record the case again.',
  });
}

function firstDifference(got: unknown, want: unknown, path: string): string | undefined {
  if (Object.is(got, want)) return undefined;
  if (typeof got === 'object' && typeof want === 'object' && got !== null && want !== null) {
    const [a, b] = [got as Record<string, unknown>, want as Record<string, unknown>];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const difference = firstDifference(a[key], b[key], `${path}/${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return `at ${path || '/'} got ${JSON.stringify(got)} want ${JSON.stringify(want)}`;
}

/** The index along each axis of a row-major index. */
function unravel(index: number, shape: readonly number[]): string {
  const indexes: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indexes.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return indexes.join(', ');
}
