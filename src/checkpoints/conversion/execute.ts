/** Carries out a planned conversion, a band of rows at a time: memory stays small whatever the model's size. */

import { OmniError } from '../../errors.ts';
import { floatToHalf } from '../../tensors/half.ts';
import type { StoredTensor } from '../../tensors/stored.ts';
import { addChange } from '../adapters/changes.ts';
import { type Checkpoint, COMPONENTS } from '../checkpoint.ts';
import { readWhole } from '../folder.ts';
import { quantize } from '../quantize.ts';
import { type Band, floatRows, isQuantized, storedRows } from '../rows.ts';
import { elementCount, layoutSafetensors } from '../safetensors.ts';
import { bitsOf, type ConversionPlan, indexFileName, outputTensors, type TensorAction } from './plan.ts';

/** A file that is being written; writes may come in any order but do not overlap. */
export interface FileSink {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A folder that is being written. */
export interface FolderWriter {
  /** Begins a file; `path` has `/` and its folders need not exist. */
  create(path: string): Promise<FileSink>;
}

/** How far a conversion has come. */
export interface ConversionProgress {
  readonly file: string;
  readonly tensor: string;
  /** Of the plan's `beforeBytes`. */
  readonly doneBytes: number;
}

/** Values converted at a time: 16 MB as float32. */
const BAND_VALUES = 2 ** 22;

/** The largest float16. */
const HALF_MAX = 65504;

/**
 * Writes everything a plan says.
 * @throws OmniError `bad_checkpoint` for weights that are not numbers or, as float16, too large; `AbortError` when stopped.
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
      const layout = layoutSafetensors(actions.flatMap(outputTensors), path);
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

/** The values of a band, adapters included. */
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

/** A band in the form that is asked for, as {@link outputTensors} names its parts. */
function encode(action: TensorAction, { rows, columns }: Band, values: Float32Array): Uint8Array[] {
  checkValues(action, values);
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

function checkValues({ name, source, to }: TensorAction, values: Float32Array) {
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
        : 'Fetch the file again; if the value is there too, the checkpoint is broken.',
    });
  }
}

function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
