/** The order of a conversion: which bytes are read, one band of a tensor at a time. */

import { COMPONENTS } from '../checkpoint.ts';
import { type Band, isQuantized } from '../rows.ts';
import { elementCount } from '../safetensors.ts';
import type { TensorAction } from './actions.ts';
import type { PlannedFile } from './files.ts';
import type { ConversionPlan } from './plan.ts';

/** Bytes of a file of the source. */
export interface SourceRange {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** One band of one tensor: the unit of reading, encoding and writing. */
export interface Step {
  readonly action: TensorAction;
  readonly band: Band;
  /** One range, or those of codes and scales. */
  readonly reads: readonly SourceRange[];
  /** Sum of `reads`. */
  readonly sizeBytes: number;
}

/** Values per band: 16 MB as float32. */
const BAND_VALUES = 2 ** 22;

/**
 * The steps of a file. Tensors come in the order in which the source stores them, so that most reads go on
 * where the last one ended.
 */
export function stepsOf({ actions }: PlannedFile): Step[] {
  const first = ({ source }: TensorAction) => (isQuantized(source) ? source.codes : source);
  return actions
    .toSorted(
      (a, b) =>
        compare(first(a).file, first(b).file) || first(a).offset - first(b).offset || compare(a.name, b.name),
    )
    .flatMap(bandsOf);
}

/**
 * The ranges of the source in the order in which a conversion reads them, copied files left out. Ranges that
 * follow each other in a file can be fetched with one request.
 */
export function readsOf(plan: ConversionPlan): SourceRange[] {
  return COMPONENTS.flatMap((component) =>
    plan.components[component].flatMap((file) => stepsOf(file).flatMap(({ reads }) => reads)),
  );
}

function bandsOf(action: TensorAction): Step[] {
  const { source, shape } = action;
  const totalRows = shape[0] ?? 1;
  const columns = elementCount(shape) / totalRows;
  const bandRows = Math.max(1, Math.floor(BAND_VALUES / columns));
  const stored = isQuantized(source) ? [source.codes, source.scales] : [source];
  const steps: Step[] = [];
  for (let firstRow = 0; firstRow < totalRows; firstRow += bandRows) {
    const rows = Math.min(bandRows, totalRows - firstRow);
    const reads = stored.map(({ file, offset, sizeBytes }) => {
      const rowBytes = sizeBytes / totalRows;
      return { path: file, offset: offset + firstRow * rowBytes, sizeBytes: rows * rowBytes };
    });
    const sizeBytes = reads.reduce((sum, read) => sum + read.sizeBytes, 0);
    steps.push({ action, band: { firstRow, rows, columns, totalRows }, reads, sizeBytes });
  }
  return steps;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
