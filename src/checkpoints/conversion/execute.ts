/**
 * Executes a conversion plan. It converts a band of rows at a time, so memory does not grow with the model.
 * Bands are encoded in any order and written to their places, so the bytes do not depend on the order.
 */

import { OmniError } from '../../errors.ts';
import type { StoredTensor } from '../../tensors/stored.ts';
import { COMPONENTS } from '../checkpoint.ts';
import { type CheckpointFolder, readWhole } from '../folder.ts';
import { isPlainPath, MANIFEST_FILE, type ManifestFile } from '../manifest.ts';
import { isQuantized } from '../rows.ts';
import { outputTensors, type TensorAction } from './actions.ts';
import { type BandEncoder, inlineEncoder } from './band-encoder.ts';
import { changeForRows, type EncodedBand, formOf, HALF_MAX } from './encode.ts';
import { indexFileName, layoutOf, type PlannedFile } from './files.ts';
import { type ConversionJournal, nameOf, openJournal, type Sums } from './journal.ts';
import type { ConversionPlan } from './plan.ts';
import { type ConversionReport, REPORT_FILE, reportOf } from './report.ts';
import { type SourceRange, type Step, stepsOf } from './steps.ts';
import type { FileSink, FolderWriter } from './writer.ts';

/** Progress of a conversion: the tensor that comes next. */
export interface ConversionProgress {
  readonly file: string;
  readonly tensor: string;
  /** Bytes converted so far, of the plan's `beforeBytes`. */
  readonly doneBytes: number;
}

export interface ExecuteOptions {
  /** Who encodes. Default: the calling thread. The caller closes it. */
  readonly encoder?: BandEncoder;
  /** The journal is written after this many bytes of the source. Default: 32 MB. */
  readonly flushBytes?: number;
}

const FLUSH_BYTES = 32e6;

/** A conversion that can run: from its beginning, or from where an earlier run of it stopped. */
export interface Conversion {
  /** Bytes of weights of the source that are converted already. */
  readonly doneBytes: number;
  /** True if the folder held a part of another conversion, which is not used. */
  readonly startedOver: boolean;
  /** What `run` reads of the weights, in this order. Neighbouring ranges can be fetched together. */
  readonly reads: readonly SourceRange[];
  /**
   * Converts what is left.
   * @param signal stops the conversion before the next band
   * @returns the errors of all tensors
   * @throws OmniError `bad_checkpoint` for a weight that is NaN, infinite or too large for float16, or the
   * error of the source or the writer; `AbortError` if `signal` is aborted
   */
  run(
    signal: AbortSignal,
    onProgress: (progress: ConversionProgress) => void,
    options?: ExecuteOptions,
  ): Promise<ConversionReport>;
}

/**
 * Prepares a conversion into a folder that may hold a part of it.
 * @param again paths of files to convert even if the journal says that they are complete, to repair them
 *
 * @example
 * const conversion = await startConversion(plan, writer);
 * console.log(`${conversion.doneBytes} of ${plan.beforeBytes} bytes are done`);
 * await conversion.run(signal, () => undefined);
 */
export async function startConversion(
  plan: ConversionPlan,
  writer: FolderWriter,
  again: readonly string[] = [],
): Promise<Conversion> {
  const journal = await openJournal(writer.journal, await nameOf(plan));
  if (!journal.isKnown) await writer.clear();
  const files = COMPONENTS.flatMap((component) => plan.components[component]);
  const sizes = new Map([
    ...plan.copied.map(({ path, sizeBytes }): [string, number] => [path, sizeBytes]),
    ...files.map((file): [string, number] => [file.path, layoutOf(file).sizeBytes]),
  ]);
  for (const [path, sizeBytes] of sizes) {
    if (again.includes(path) || (await writer.sizeOf(path)) !== sizeBytes) journal.forget(path);
  }
  await journal.rewrite();
  const left = files.map((file) => ({
    file,
    done: stepsOf(file).slice(0, journal.record(file.path).steps),
    steps: stepsOf(file).slice(journal.record(file.path).steps),
  }));
  const doneBytes = left.reduce((sum, { done }) => sum + bytesOf(done), 0);
  return {
    doneBytes,
    startedOver: journal.ofAnother,
    reads: left.flatMap(({ steps }) => steps.flatMap(({ reads }) => reads)),
    async run(signal, onProgress, options = {}) {
      const run = { signal, plan, writer, journal, onProgress, options, doneBytes };
      await copyFiles(run);
      await convertFiles(run, files);
      signal.throwIfAborted();
      return writeTables(run, sizes);
    },
  };
}

/**
 * Writes the files of a plan, with a `manifest.json` and a report of errors. Goes on where an earlier run
 * with the same plan stopped, if the writer has a journal.
 * @throws OmniError see {@link Conversion.run}
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
  options: ExecuteOptions = {},
): Promise<ConversionReport> {
  const conversion = await startConversion(plan, writer);
  return conversion.run(signal, onProgress, options);
}

/** One run of a conversion. */
interface Run {
  readonly signal: AbortSignal;
  readonly plan: ConversionPlan;
  readonly writer: FolderWriter;
  readonly journal: ConversionJournal;
  readonly onProgress: (progress: ConversionProgress) => void;
  readonly options: ExecuteOptions;
  doneBytes: number;
}

async function copyFiles({ signal, plan, writer, journal }: Run): Promise<void> {
  for (const { path } of plan.copied) {
    signal.throwIfAborted();
    if (journal.record(path).sha256 !== undefined) continue;
    await journal.addFile(
      path,
      await writeWhole(writer, path, await readWhole(plan.checkpoint.folder, path)),
    );
  }
}

/** Writes a small file. Returns its hash. */
async function writeWhole(writer: FolderWriter, path: string, bytes: Uint8Array): Promise<string> {
  const sink = await writer.open(path, bytes.length);
  try {
    await sink.write(0, bytes);
    await sink.flush();
    return await sink.sha256();
  } finally {
    await sink.close();
  }
}

/** Converts the weight files in order. A file is hashed while the next one is converted. */
async function convertFiles(run: Run, files: readonly PlannedFile[]): Promise<void> {
  let hashing: Promise<void> = Promise.resolve();
  try {
    for (const file of files) {
      if (run.journal.record(file.path).sha256 !== undefined) continue;
      const sink = await run.writer.open(file.path, layoutOf(file).sizeBytes);
      try {
        await convertFile(run, file, sink);
        await hashing;
      } catch (error) {
        await sink.close();
        throw error;
      }
      hashing = finishFile(run, file, sink);
      // The error is thrown where `hashing` is awaited.
      hashing.catch(() => undefined);
    }
  } finally {
    await hashing;
  }
}

async function finishFile({ journal }: Run, { path }: PlannedFile, sink: FileSink): Promise<void> {
  try {
    await journal.addFile(path, await sink.sha256());
  } finally {
    await sink.close();
  }
}

/** Converts the steps of a file that are left. */
async function convertFile(run: Run, file: PlannedFile, sink: FileSink): Promise<void> {
  const { signal, plan, journal, onProgress, options } = run;
  const { folder } = plan.checkpoint;
  const layout = layoutOf(file);
  const places = new Map(layout.tensors.map((tensor) => [tensor.name, tensor]));
  const encoder = options.encoder ?? inlineEncoder();
  const record = journal.record(file.path);
  const steps = stepsOf(file);
  const queue: { step: Step; encoded: Promise<EncodedBand> }[] = [];
  let committed = record.steps;
  let pendingBytes = 0;
  let pendingSums: Record<string, Sums> = {};

  const note = async () => {
    await sink.flush();
    await journal.addSteps(file.path, committed, pendingSums);
    pendingSums = {};
    pendingBytes = 0;
  };
  /** Waits for the oldest step, so that the journal counts steps in order. */
  const commit = async (waiting: (typeof queue)[number]) => {
    const { step } = waiting;
    const { squares, squaredError } = await waiting.encoded;
    const { name } = step.action;
    const [oldSquares, oldError] = step.band.firstRow === 0 ? [0, 0] : (record.sums.get(name) ?? [0, 0]);
    const sums: Sums = [oldSquares + squares, oldError + squaredError];
    record.sums.set(name, sums);
    pendingSums[name] = sums;
    committed++;
    run.doneBytes += step.sizeBytes;
    pendingBytes += step.sizeBytes;
    if (pendingBytes >= (options.flushBytes ?? FLUSH_BYTES)) await note();
  };

  await sink.write(0, layout.header);
  try {
    for (const step of steps.slice(committed)) {
      signal.throwIfAborted();
      onProgress({ file: file.path, tensor: step.action.name, doneBytes: run.doneBytes });
      const parts = await readStep(folder, step);
      const encoded = convertStep(encoder, step, parts, places, sink);
      // The error is thrown where the step is committed.
      encoded.catch(() => undefined);
      queue.push({ step, encoded });
      if (queue.length > 2 * encoder.parallel) {
        const [oldest] = queue.splice(0, 1);
        await commit(oldest);
      }
    }
    for (const waiting of queue.splice(0)) await commit(waiting);
    await note();
  } finally {
    await Promise.allSettled(queue.map(({ encoded }) => encoded));
  }
}

/** Reads one range after the other, in the order of `reads`. */
async function readStep(folder: CheckpointFolder, { reads }: Step): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (const { path, offset, sizeBytes } of reads) parts.push(await folder.read(path, offset, sizeBytes));
  return parts;
}

/** Encodes a band and writes it to its places. */
async function convertStep(
  encoder: BandEncoder,
  { action, band }: Step,
  parts: readonly Uint8Array[],
  places: ReadonlyMap<string, StoredTensor>,
  sink: FileSink,
): Promise<EncodedBand> {
  const { change, from, to, source } = action;
  const { firstRow, rows, columns, totalRows } = band;
  const encoded: EncodedBand =
    from === to && !change
      ? { parts: parts.map((part) => new Uint8Array(part)), squares: 0, squaredError: 0 }
      : await encoder.encode({
          parts,
          form: formOf(source),
          rows,
          columns,
          ...(change && { change: changeForRows(change, firstRow, rows) }),
          to,
        });
  if (encoded.badValue !== undefined) throw badValue(action, encoded.badValue);
  for (const [i, { name }] of outputTensors(action).entries()) {
    const place = places.get(name);
    if (!place) throw new Error(`no place was planned for ${name}`);
    await sink.write(place.offset + (place.sizeBytes / totalRows) * firstRow, encoded.parts[i]);
  }
  return encoded;
}

/** Writes the files that follow from all others: indexes, report and manifest. */
async function writeTables(
  { plan, writer, journal }: Run,
  sizes: ReadonlyMap<string, number>,
): Promise<ConversionReport> {
  const listed: ManifestFile[] = [...sizes].map(([path, sizeBytes]) => ({
    path,
    sizeBytes,
    sha256: journal.record(path).sha256 ?? '',
  }));
  for (const component of COMPONENTS) {
    const files = plan.components[component];
    if (files.length === 1) continue;
    const path = indexFileName(component);
    const bytes = jsonBytes(indexOf(files));
    listed.push({ path, sizeBytes: bytes.length, sha256: await writeWhole(writer, path, bytes) });
  }
  const report = reportOf(plan, journal);
  await writeWhole(writer, REPORT_FILE, jsonBytes(report));
  const files = listed.filter(({ path }) => isPlainPath(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  await writeWhole(writer, MANIFEST_FILE, jsonBytes({ format: 1, files }));
  return report;
}

/** Source of the format: huggingface_hub serialization. */
function indexOf(files: readonly PlannedFile[]) {
  const weightMap = files.flatMap((file) =>
    layoutOf(file).tensors.map(({ name }): [string, string] => [name, file.path.split('/')[1]]),
  );
  const totalSize = files
    .flatMap(({ actions }) => actions)
    .reduce((sum, { afterBytes }) => sum + afterBytes, 0);
  return { metadata: { total_size: totalSize }, weight_map: Object.fromEntries(weightMap) };
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

function bytesOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The error for NaN, infinity, and values too large for float16. */
function badValue({ name, source }: TensorAction, value: number): OmniError {
  const file = isQuantized(source) ? source.codes.file : source.file;
  const finite = Number.isFinite(value);
  return new OmniError({
    code: 'bad_checkpoint',
    message: finite
      ? `${file}: ${name} holds ${value}, but float16 ends at ${HALF_MAX}.`
      : `${file}: ${name} holds ${value}, which is not a weight.`,
    action: finite
      ? 'Convert with --weights f32.'
      : 'Fetch the file again. If it has the same value, the checkpoint is damaged.',
  });
}
