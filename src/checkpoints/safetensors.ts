/**
 * The safetensors file format: the length of the header (8 bytes, little-endian), the header (JSON), then the
 * data. Each tensor is {dtype, shape, data_offsets: [begin, end]}, counted from the end of the header. The
 * tensors cover the data without gaps or overlaps. Source: huggingface/safetensors,
 * `safetensors/src/tensor.rs`.
 */

import { OmniError } from '../errors.ts';
import { isObject, parseJson, quote } from '../json.ts';
import { bfloatToFloat, halfToFloat } from '../tensors/half.ts';
import { STORED_SIZE_BYTES, type StoredDtype, type StoredTensor } from '../tensors/stored.ts';

/** The limit of the official reader. */
const MAX_HEADER_BYTES = 100_000_000;
const PREFIX_BYTES = 8;
/** The only entry of the header that is not a tensor. */
const METADATA = '__metadata__';
/** Number of leading bytes that decide whether a file is text. */
const TEXT_BYTES = 64;

/** Reads `length` bytes from `offset` of one file. */
export type ReadRange = (offset: number, length: number) => Promise<Uint8Array>;

/** A tensor in memory. */
export interface TensorBytes {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Reads and checks the header of a safetensors file. Does not read its data.
 * @param read reads bytes of the file
 * @param file path of the file, for messages and for the returned tensors
 * @param sizeBytes size of the whole file
 * @throws OmniError `bad_checkpoint` if the file is not a complete, consistent safetensors file;
 *   `unsupported` for an unknown element type
 */
export async function readSafetensorsHeader(
  read: ReadRange,
  file: string,
  sizeBytes: number,
): Promise<StoredTensor[]> {
  // More bytes than the prefix, so that the message can quote text.
  const start = await read(0, Math.min(sizeBytes, TEXT_BYTES));
  const headerBytes = headerLength(start, file, sizeBytes);
  return parseSafetensorsHeader(await read(0, PREFIX_BYTES + headerBytes), file, sizeBytes);
}

/**
 * Parses and checks the header of a safetensors file.
 * @param start the first bytes of the file, at least up to the end of the header
 * @param file path of the file, for messages and for the returned tensors
 * @param sizeBytes size of the whole file
 * @throws OmniError see {@link readSafetensorsHeader}
 */
export function parseSafetensorsHeader(start: Uint8Array, file: string, sizeBytes: number): StoredTensor[] {
  const { header, dataStart } = parseHeader(start, file, sizeBytes);
  const tensors = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => parseEntry(name, entry, file, dataStart));
  checkCoverage(tensors, file, dataStart, sizeBytes);
  return tensors;
}

/**
 * The metadata of a file in memory: texts by name.
 * @throws OmniError see {@link readSafetensorsHeader}
 */
export function readMetadata(bytes: Uint8Array, file: string): ReadonlyMap<string, string> {
  const metadata = parseHeader(bytes, file, bytes.length).header[METADATA] ?? {};
  if (!isObject(metadata)) throw broken(file, `its header has ${quote(metadata)} as ${METADATA}`);
  return new Map(
    Object.entries(metadata).map(([name, value]) => {
      if (typeof value !== 'string') {
        throw broken(file, `its header has ${quote(value)} as ${METADATA}.${name}, which is not a text`);
      }
      return [name, value];
    }),
  );
}

/**
 * All tensors of a file in memory. Their bytes are views of the file.
 * @throws OmniError see {@link readSafetensorsHeader}
 */
export function readTensors(bytes: Uint8Array, file: string): Map<string, TensorBytes> {
  return new Map(
    parseSafetensorsHeader(bytes, file, bytes.length).map(({ name, dtype, shape, offset, sizeBytes }) => [
      name,
      { dtype, shape, bytes: bytes.subarray(offset, offset + sizeBytes) },
    ]),
  );
}

/**
 * The values of a tensor as float32. `bytes` may begin at any address. float64 values are rounded, and
 * integers above 2^24. An F32 tensor at an aligned address is returned as a view, not a copy.
 */
export function toFloat32(bytes: Uint8Array, dtype: StoredDtype): Float32Array {
  const buffer = aligned(bytes, STORED_SIZE_BYTES[dtype]);
  const { buffer: memory, byteOffset } = buffer;
  const count = buffer.byteLength / STORED_SIZE_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(memory, byteOffset, count);
    case 'F16':
      return halfToFloat(new Uint16Array(memory, byteOffset, count));
    case 'BF16':
      return bfloatToFloat(new Uint16Array(memory, byteOffset, count));
    case 'F64':
      return Float32Array.from(new Float64Array(memory, byteOffset, count));
    case 'I64':
      return Float32Array.from(new BigInt64Array(memory, byteOffset, count), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(memory, byteOffset, count));
    case 'I8':
      return Float32Array.from(new Int8Array(memory, byteOffset, count));
    case 'U8':
    case 'BOOL':
      return Float32Array.from(buffer);
    default:
      return dtype satisfies never;
  }
}

/** The header of a file to be written, and the place of each tensor in it. */
export interface SafetensorsLayout {
  /** Length prefix and JSON. Its length is a multiple of 8. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The tensors in the order of their bytes. */
  readonly tensors: readonly StoredTensor[];
  readonly sizeBytes: number;
}

/** A tensor to be written. */
interface TensorShape {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
}

/**
 * Plans a safetensors file. The tensors of a group lie together, and the groups follow each other in order.
 * A group has the order of the official writer: wide element types first, then by name. If some
 * tensor would then not begin at a multiple of its element size, all tensors are one group.
 */
export function layoutSafetensors(
  groups: readonly (readonly TensorShape[])[],
  file: string,
): SafetensorsLayout {
  const inGroups = groups.flatMap(widestFirst);
  const ordered = isAligned(inGroups) ? inGroups : widestFirst(groups.flat());
  let end = 0;
  const entries = new Map<string, object>([[METADATA, { format: 'pt' }]]);
  const placed = ordered.map(({ name, dtype, shape }) => {
    const begin = end;
    end += sizeOf({ dtype, shape });
    entries.set(name, { dtype, shape, data_offsets: [begin, end] });
    return { name, dtype, shape, file, offset: begin, sizeBytes: end - begin };
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(PREFIX_BYTES + headerBytes).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(headerBytes), true);
  header.set(json, PREFIX_BYTES);
  return {
    header,
    tensors: placed.map((tensor) => ({ ...tensor, offset: tensor.offset + header.length })),
    sizeBytes: header.length + end,
  };
}

function widestFirst(tensors: readonly TensorShape[]): TensorShape[] {
  return tensors.toSorted(
    (a, b) => STORED_SIZE_BYTES[b.dtype] - STORED_SIZE_BYTES[a.dtype] || (a.name < b.name ? -1 : 1),
  );
}

/** Whether every tensor begins at a multiple of its element size, if they are written in this order. */
function isAligned(tensors: readonly TensorShape[]): boolean {
  let offset = 0;
  return tensors.every((tensor) => {
    const aligned = offset % STORED_SIZE_BYTES[tensor.dtype] === 0;
    offset += sizeOf(tensor);
    return aligned;
  });
}

function sizeOf({ dtype, shape }: Pick<TensorShape, 'dtype' | 'shape'>): number {
  return elementCount(shape) * STORED_SIZE_BYTES[dtype];
}

/** Writes a safetensors file into memory. */
export function writeSafetensors(tensors: ReadonlyMap<string, TensorBytes>): Uint8Array<ArrayBuffer> {
  const layout = layoutSafetensors(
    [[...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }))],
    '',
  );
  const out = new Uint8Array(layout.sizeBytes);
  out.set(layout.header);
  for (const { name, offset } of layout.tensors) {
    const tensor = tensors.get(name);
    if (tensor) out.set(tensor.bytes, offset);
  }
  return out;
}

/** Number of elements of a shape. A scalar has one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** The bytes at an address that is a multiple of `alignment`. Copies them if necessary. */
export function aligned(bytes: Uint8Array, alignment: number): Uint8Array {
  // Not `slice`, which is a view if the bytes are a Buffer of Node.
  return bytes.byteOffset % alignment === 0 ? bytes : new Uint8Array(bytes);
}

function parseHeader(
  start: Uint8Array,
  file: string,
  sizeBytes: number,
): { header: Readonly<Record<string, unknown>>; dataStart: number } {
  const headerBytes = headerLength(start, file, sizeBytes);
  const dataStart = PREFIX_BYTES + headerBytes;
  if (start.length < dataStart) throw broken(file, 'its header is incomplete');
  const header = parseJson(start.subarray(PREFIX_BYTES, dataStart), `The header of ${file}`);
  if (!isObject(header))
    throw broken(file, `its header is ${quote(header)} instead of an object with tensors`);
  return { header, dataStart };
}

function headerLength(start: Uint8Array, file: string, sizeBytes: number): number {
  if (sizeBytes === 0) throw broken(file, 'it is empty (0 bytes)');
  if (sizeBytes < PREFIX_BYTES || start.length < PREFIX_BYTES) {
    throw broken(file, `it has only ${sizeBytes} bytes and ends before its header`);
  }
  const claimed = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(sizeBytes - PREFIX_BYTES)) {
    const text = looksLikeText(start.subarray(0, TEXT_BYTES));
    throw broken(
      file,
      text === undefined
        ? `its header claims ${claimed} bytes, but the file has only ${sizeBytes}`
        : `it is not a safetensors file: it begins with the text ${quote(text)}`,
    );
  }
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    throw broken(file, `its header claims ${claimed} bytes; more than ${MAX_HEADER_BYTES} is not allowed`);
  }
  return Number(claimed);
}

/** The beginning of a file as text if all bytes are printable, as in a web page or a Git LFS pointer. */
function looksLikeText(bytes: Uint8Array): string | undefined {
  const printable = bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
  return printable ? String.fromCharCode(...bytes.subarray(0, 40)) : undefined;
}

function parseEntry(name: string, entry: unknown, file: string, dataStart: number): StoredTensor {
  const fail = (why: string) => broken(file, `tensor ${name} ${why}`);
  if (!isObject(entry))
    throw fail(`is described by ${quote(entry)} instead of dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isStoredDtype(dtype)) {
    throw new OmniError({
      code: 'unsupported',
      message: `${file}: tensor ${name} has the element type ${quote(dtype)}, which is not supported.`,
      action: `Use weights stored as one of ${Object.keys(STORED_SIZE_BYTES).join(', ')}.`,
    });
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) throw fail(`has the impossible shape ${quote(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw fail(`has the impossible data_offsets ${quote(offsets)}`);
  }
  const [begin, end] = offsets;
  if (begin > end) throw fail(`ends before it begins: data_offsets ${quote(offsets)}`);
  const expected = elementCount(shape) * STORED_SIZE_BYTES[dtype];
  if (end - begin !== expected) {
    throw fail(`has ${end - begin} bytes, but shape [${shape.join(', ')}] of ${dtype} needs ${expected}`);
  }
  return { name, dtype, shape, file, offset: dataStart + begin, sizeBytes: expected };
}

/** Checks that the tensors cover the data without gaps or overlaps, up to the end of the file. */
function checkCoverage(tensors: readonly StoredTensor[], file: string, dataStart: number, sizeBytes: number) {
  let end = dataStart;
  let last = 'the header';
  for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes)) {
    if (tensor.offset < end) throw broken(file, `tensor ${tensor.name} overlaps with ${last}`);
    if (tensor.offset > end) {
      throw broken(
        file,
        `${tensor.offset - end} bytes between ${last} and tensor ${tensor.name} belong to no tensor`,
      );
    }
    end = tensor.offset + tensor.sizeBytes;
    if (end > sizeBytes) {
      throw broken(
        file,
        `it is cut off: tensor ${tensor.name} ends at byte ${end}, but the file has only ${sizeBytes}`,
      );
    }
    last = `tensor ${tensor.name}`;
  }
  if (end < sizeBytes) throw broken(file, `${sizeBytes - end} bytes after ${last} belong to no tensor`);
}

function isStoredDtype(value: unknown): value is StoredDtype {
  return typeof value === 'string' && Object.hasOwn(STORED_SIZE_BYTES, value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function broken(file: string, why: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${file}: ${why}.`,
    action: 'Fetch this file again from the source of the checkpoint.',
  });
}
