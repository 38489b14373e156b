/** Encodes one band of a tensor. Pure, and all of its data can cross to a worker. */

import { floatToHalf, halfValues } from '../../tensors/half.ts';
import type { QuantizedMatrix, StoredTensor } from '../../tensors/stored.ts';
import { addChange, type Change } from '../adapters/changes.ts';
import { quantize } from '../quantize.ts';
import { decodeRows, type StoredForm } from '../rows.ts';
import { bitsOf, type TargetStorage } from './actions.ts';

/** A band of a tensor as the source stores it, and the format that it gets. */
export interface BandJob {
  /** The stored bytes: one part, or codes and scales. */
  readonly parts: readonly Uint8Array[];
  readonly form: StoredForm;
  readonly rows: number;
  readonly columns: number;
  /** The change by adapters for these rows. */
  readonly change?: Change;
  readonly to: TargetStorage;
}

/** An encoded band. */
export interface EncodedBand {
  /** The parts in the order of `outputTensors`. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  /** Sum of the squares of the values. */
  readonly squares: number;
  /** Sum of the squares of the differences between the values and what is stored. */
  readonly squaredError: number;
  /** The first value that the format cannot hold. Then the other fields have no meaning. */
  readonly badValue?: number;
}

/** The largest float16. */
export const HALF_MAX = 65504;

/** Encodes a band in its new format. Values that the format cannot hold are reported, not thrown. */
export function encodeBand({ parts, form, rows, columns, change, to }: BandJob): EncodedBand {
  let values = decodeRows(parts, form, rows, columns);
  if (change) {
    // The values may be a view of the source.
    values = values.slice();
    addChange(values, change);
  }
  const encoded = encode(values, rows, columns, to);
  const { squares, largest } = encoded;
  const bad = !(squares < Number.POSITIVE_INFINITY) || (to !== 'F32' && largest > HALF_MAX);
  return bad ? { ...encoded, badValue: firstBadValue(values, to) } : encoded;
}

function encode(
  values: Float32Array,
  rows: number,
  columns: number,
  to: TargetStorage,
): EncodedBand & { readonly largest: number } {
  switch (to) {
    case 'F32':
      return { parts: [ownBytes(values)], ...sumsOf(values), squaredError: 0 };
    case 'F16': {
      const halves = floatToHalf(values);
      return { parts: [bytesOf(halves)], ...sumsOf(values), squaredError: halfError(values, halves) };
    }
    case 'q8':
    case 'q4': {
      const { codes, scales, ...sums } = quantize(values, rows, columns, bitsOf(to));
      return { parts: [codes, bytesOf(scales)], ...sums };
    }
    default:
      return to satisfies never;
  }
}

function sumsOf(values: Float32Array): { squares: number; largest: number } {
  let squares = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    squares += value * value;
    const absolute = Math.abs(value);
    if (absolute > largest) largest = absolute;
  }
  return { squares, largest };
}

function halfError(values: Float32Array, halves: Uint16Array): number {
  const table = halfValues();
  let error = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - table[halves[i]];
    error += difference * difference;
  }
  return error;
}

function firstBadValue(values: Float32Array, to: TargetStorage): number {
  const limit = to === 'F32' ? Number.MAX_VALUE : HALF_MAX;
  return values.find((value) => !(Math.abs(value) <= limit)) ?? Number.NaN;
}

function bytesOf(values: Uint16Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The bytes of values that may be a view of the source. */
function ownBytes(values: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.slice().buffer);
}

/** How a tensor is stored, for {@link BandJob}. */
export function formOf(source: StoredTensor | QuantizedMatrix): StoredForm {
  return 'codes' in source ? { bits: source.bits, blockSize: source.blockSize } : { dtype: source.dtype };
}

/** A copy of the change for some rows. Its arrays hold nothing else, so they can cross to a worker. */
export function changeForRows(change: Change, firstRow: number, rows: number): Change {
  return change.map(({ down, up, rank, scale }) => ({
    down: down.slice(),
    up: up.slice(firstRow * rank, (firstRow + rows) * rank),
    rank,
    scale,
  }));
}
