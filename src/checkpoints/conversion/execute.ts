/**
 * Executes a conversion plan. It converts a band of rows at a time, so memory does not grow with the model.
 */

import { OmniError } from '../../errors.ts';
import { floatToHalf } from '../../tensors/half.ts';
import type { StoredTensor } from '../../tensors/stored.ts';
import { addChange } from '../adapters/changes.ts';
import { type Checkpoint, COMPONENTS } from '../checkpoint.ts';
import { readWhole } from '../folder.ts';
import { quantize } from '../quantize.ts';
import { type Band, floatRows, isQuantized, storedRows } from '../rows.ts';
import { elementCount } from '../safetensors.ts';
import { bitsOf, outputTensors, type TensorAction } from './actions.ts';
import { indexFileName, layoutOf } from './files.ts';
import type { ConversionPlan } from './plan.ts';

/** A file that is being written. Writes may come in any order and do not overlap. */
export interface FileSink {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A folder that is being written. */
export interface FolderWriter {
  /** Creates a file and its folders. `path` is relative, with `/`. */
  create(path: string): Promise<FileSink>;
}

/** Progress of a conversion: the tensor that comes next. */
export interface ConversionProgress {
  readonly file: string;
  readonly tensor: string;
  /** Bytes converted so far, of the plan's `beforeBytes`. */
  readonly doneBytes: number;
}

/** Values per band: 16 MB as float32. */
const BAND_VALUES = 2 ** 22;

/** The largest float16. */
const HALF_MAX = 65504;

/**
 * Writes the files of a plan.
 * @param signal stops the conversion before the next band
 * @throws OmniError `bad_checkpoint` for a weight that is NaN, infinite or too large for float16;
 * `AbortError` if `signal` is aborted
 *
 * @example
 * const plan = await planConversion(checkpoint, { weights: 'q4' });
 * const files = new Map<string, Uint8Array>();
 * await executeConversion(signal, plan, memoryWriter(files), ({ doneBytes }) =>
 *   console.log(`${doneBytes} of ${plan.beforeBytes} bytes`),
 * );
 * const converted = await openCheckpoint(memoryFolder('converted', files));
 */
export async function executeConversion(
  signal: AbortSignal,
  plan: ConversionPlan,
  writer: FolderWriter,
  onProgress: (progress: ConversionProgress) => void,
): Promise<void> {
  const { checkpoint } = plan;
  let doneBytes = 0;
  for (const { path } of plan.copied) {
    signal.throwIfAborted();
    await writeWhole(writer, path, await readWhole(checkpoint.folder, path));
  }
  for (const component of COMPONENTS) {
    const files = plan.components[component];
    const weightMap: [tensor: string, file: string][] = [];
    for (const { path, actions } of files) {
      const layout = layoutOf({ path, actions });
      const places = new Map(layout.tensors.map((tensor) => [tensor.name, tensor]));
      const sink = await writer.create(path);
      try {
        await sink.write(0, layout.header);
        for (const action of actions) {
          onProgress({ file: path, tensor: action.name, doneBytes });
          await convertTensor(signal, checkpoint, action, places, sink);
          doneBytes += action.beforeBytes;
        }
      } finally {
        await sink.close();
      }
      weightMap.push(...layout.tensors.map(({ name }): [string, string] => [name, path.split('/')[1]]));
    }
    if (files.length > 1) {
      const totalSize = files
        .flatMap(({ actions }) => actions)
        .reduce((sum, { afterBytes }) => sum + afterBytes, 0);
      const index = { metadata: { total_size: totalSize }, weight_map: Object.fromEntries(weightMap) };
      await writeWhole(
        writer,
        indexFileName(component),
        new TextEncoder().encode(JSON.stringify(index, null, 2)),
      );
    }
  }
  signal.throwIfAborted();
}

async function writeWhole(writer: FolderWriter, path: string, bytes: Uint8Array): Promise<void> {
  const sink = await writer.create(path);
  try {
    await sink.write(0, bytes);
  } finally {
    await sink.close();
  }
}

async function convertTensor(
  signal: AbortSignal,
  checkpoint: Checkpoint,
  action: TensorAction,
  places: ReadonlyMap<string, StoredTensor>,
  sink: FileSink,
): Promise<void> {
  const totalRows = action.shape[0] ?? 1;
  const columns = elementCount(action.shape.slice(1));
  const bandRows = Math.max(1, Math.floor(BAND_VALUES / columns));
  const outputs = outputTensors(action);
  for (let firstRow = 0; firstRow < totalRows; firstRow += bandRows) {
    signal.throwIfAborted();
    const band = { firstRow, rows: Math.min(bandRows, totalRows - firstRow), columns, totalRows };
    const unchanged = action.from === action.to && !action.change;
    const parts = unchanged
      ? await storedRows(checkpoint.folder, action.source, band)
      : encode(action, band, await changedRows(checkpoint, action, band));
    for (const [i, { name }] of outputs.entries()) {
      const place = places.get(name);
      if (!place) throw new Error(`no place was planned for ${name}`);
      await sink.write(place.offset + (place.sizeBytes / totalRows) * firstRow, parts[i]);
    }
  }
}

/** The values of a band `[rows, columns]`, adapters included. */
async function changedRows(
  checkpoint: Checkpoint,
  { source, change }: TensorAction,
  band: Band,
): Promise<Float32Array> {
  const values = await floatRows(checkpoint.folder, source, band);
  if (!change) return values;
  const changed = values.slice();
  addChange(changed, change, band.firstRow);
  return changed;
}

/** Encodes a band in the planned format. The parts are in the order of {@link outputTensors}. */
function encode(action: TensorAction, { rows, columns }: Band, values: Float32Array): Uint8Array[] {
  rejectBadValues(action, values);
  switch (action.to) {
    case 'F32':
      return [bytesOf(values)];
    case 'F16':
      return [bytesOf(floatToHalf(values))];
    case 'q8':
    case 'q4': {
      const { codes, scales } = quantize(values, rows, columns, bitsOf(action.to));
      return [codes, bytesOf(scales)];
    }
    default:
      return action.to satisfies never;
  }
}

/** Rejects NaN, infinity, and values too large for float16. */
function rejectBadValues({ name, source, to }: TensorAction, values: Float32Array) {
  const limit = to === 'F32' ? Number.MAX_VALUE : HALF_MAX;
  for (const value of values) {
    if (Math.abs(value) <= limit) continue;
    const file = isQuantized(source) ? source.codes.file : source.file;
    const finite = Number.isFinite(value);
    throw new OmniError({
      code: 'bad_checkpoint',
      message: finite
        ? `${file}: ${name} holds ${value}, but float16 ends at ${HALF_MAX}.`
        : `${file}: ${name} holds ${value}, which is not a weight.`,
      action: finite
        ? 'Convert with --weights f32.'
        : 'Fetch the file again. If it has the same value, the checkpoint is damaged.',
    });
  }
}

function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
