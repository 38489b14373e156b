/** Positions and row numbers as inputs of the transformer's graphs. */

import type { HostTensor } from '../../runtime/types.ts';
import { concatFloats, float32Tensor } from '../float32.ts';
import type { RotaryTable } from './rope.ts';

/** Where a branch's sequence ends before its noisy picture, and with it; the angles of all its rows. */
export interface BranchRows {
  readonly prefixRows: number;
  readonly rows: number;
  readonly rope: RotaryTable;
}

/** The row numbers `from` … `from + count - 1`, int32 `[count]`. */
export function rowNumbers(from: number, count: number): HostTensor {
  return int32Tensor(Int32Array.from({ length: count }, (_, i) => from + i));
}

/** Angles as `${prefix}cosines` and `${prefix}sines`. */
export function ropeFeeds({ rows, cosines, sines }: RotaryTable, prefix = ''): Record<string, HostTensor> {
  const width = cosines.length / rows;
  return {
    [`${prefix}cosines`]: float32Tensor([rows, width], cosines),
    [`${prefix}sines`]: float32Tensor([rows, width], sines),
  };
}

/** What the layers of a branch need beside its stream: angles, and where the noisy rows are. */
export function branchFeeds({ prefixRows, rows, rope }: BranchRows): Record<string, HostTensor> {
  return { ...ropeFeeds(rope), noise_rows: rowNumbers(prefixRows, rows - prefixRows) };
}

/** The same for several branches whose rows lie one after another, and how many rows each has. */
export function packedFeeds(branches: readonly BranchRows[]): Record<string, HostTensor> {
  let start = 0;
  const noiseRows = branches.flatMap(({ prefixRows, rows }) => {
    const from = start + prefixRows;
    start += rows;
    return Array.from({ length: rows - prefixRows }, (_, i) => from + i);
  });
  const rope = {
    rows: start,
    cosines: concatFloats(branches.map((branch) => branch.rope.cosines)),
    sines: concatFloats(branches.map((branch) => branch.rope.sines)),
  };
  return {
    ...ropeFeeds(rope),
    noise_rows: int32Tensor(Int32Array.from(noiseRows)),
    joint_lengths: int64Tensor(branches.map(({ rows }) => rows)),
    noise_lengths: int64Tensor(branches.map(({ prefixRows, rows }) => rows - prefixRows)),
  };
}

function int32Tensor(data: Int32Array): HostTensor {
  return { type: 'int32', dims: [data.length], data };
}

function int64Tensor(values: readonly number[]): HostTensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}
