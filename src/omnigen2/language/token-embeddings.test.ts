import { expect, test } from 'vitest';
import { dequantize, quantize } from '../../checkpoints/quantize.ts';
import { layoutSafetensors, toFloat32 } from '../../checkpoints/safetensors.ts';
import { floatToHalf } from '../../tensors/half.ts';
import type { StoredDtype, WeightIndex } from '../../tensors/stored.ts';
import { fixtureCase, fixtureCheckpoint, mllmSource } from '../fixtures.node.ts';
import { TOKEN_TABLE } from '../graphs/language-model.ts';
import { TokenEmbeddings } from './token-embeddings.ts';

const SIZES = { vocabSize: 5, hiddenSize: 48 };
const table = Float32Array.from({ length: 5 * 48 }, (_, i) => Math.sin(i) * (1 + (i % 7)));

interface StoredPart {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A weights file in memory, its index, and the lengths of all reads. */
function stored(parts: readonly StoredPart[]) {
  const { tensors, sizeBytes } = layoutSafetensors([parts], 'mllm/model.safetensors');
  const file = new Uint8Array(sizeBytes);
  for (const { name, offset } of tensors)
    file.set(parts.find((part) => part.name === name)?.bytes ?? [], offset);
  const weights: WeightIndex = {
    get: (name) => tensors.find((tensor) => tensor.name === name),
    names: tensors.map(({ name }) => name),
  };
  const reads: number[] = [];
  const read = async (_: string, offset: number, length: number) => {
    reads.push(length);
    return file.subarray(offset, offset + length);
  };
  return { weights, read, reads };
}

function row(values: Float32Array, id: number): number[] {
  return Array.from(values.subarray(id * 48, (id + 1) * 48));
}

function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

test('embeddings of the recorded checkpoint are its first hidden states', async () => {
  const source = mllmSource(await fixtureCheckpoint());
  const { config, weights } = source.component;
  const { tensors } = await fixtureCase('mllm_text');
  const rows = await new TokenEmbeddings(weights, config.language, source.read).rows(
    tensors.get('input_ids')?.data ?? [],
  );
  expect(rows).toEqual(tensors.get('hidden_0')?.data);
});

test('embeddings of a float16 table, repeated and in any order', async () => {
  const half = floatToHalf(table);
  const { weights, read } = stored([
    { name: TOKEN_TABLE, dtype: 'F16', shape: [5, 48], bytes: bytesOf(half) },
  ]);
  const rows = await new TokenEmbeddings(weights, SIZES, read).rows([3, 0, 3]);
  const want = toFloat32(bytesOf(half), 'F16');
  expect(Array.from(rows)).toEqual([...row(want, 3), ...row(want, 0), ...row(want, 3)]);
});

test.each([4, 8] as const)('embeddings of a table quantized to %d bits', async (bits) => {
  const { codes, scales } = quantize(table, 5, 48, bits);
  const blocks = Math.ceil(48 / 32);
  const { weights, read } = stored([
    { name: `${TOKEN_TABLE}.q${bits}`, dtype: 'U8', shape: [5, blocks, (32 * bits) / 8], bytes: codes },
    { name: `${TOKEN_TABLE}.scales`, dtype: 'F16', shape: [5, blocks], bytes: bytesOf(scales) },
  ]);
  const whole = new Float32Array(table.length);
  dequantize(codes, scales, { rows: 5, columns: 48, bits, blockSize: 32 }, whole);
  const rows = await new TokenEmbeddings(weights, SIZES, read).rows([4, 1]);
  expect(Array.from(rows)).toEqual([...row(whole, 4), ...row(whole, 1)]);
});

test('only reads the requested rows of a large table', async () => {
  const hiddenSize = 2048;
  const vocabSize = 151_936;
  const tensor = {
    name: TOKEN_TABLE,
    dtype: 'BF16' as const,
    shape: [vocabSize, hiddenSize],
    file: 'mllm/model.safetensors',
    offset: 64,
    sizeBytes: vocabSize * hiddenSize * 2,
  };
  const offsets: number[] = [];
  const read = async (_: string, offset: number, length: number) => {
    offsets.push(offset);
    // 1.0 as bfloat16
    return bytesOf(new Uint16Array(length / 2).fill(0x3f80));
  };
  const embeddings = new TokenEmbeddings(
    { get: (name) => (name === TOKEN_TABLE ? tensor : undefined), names: [TOKEN_TABLE] },
    { vocabSize, hiddenSize },
    read,
  );
  const rows = await embeddings.rows([150_000, 2, 150_000]);
  expect(rows.length).toBe(3 * hiddenSize);
  expect(new Set(rows)).toEqual(new Set([1]));
  expect(offsets.sort((a, b) => a - b)).toEqual([64 + 2 * 4096, 64 + 150_000 * 4096]);
});

test('a failed read is tried again', async () => {
  const { weights, read } = stored([
    { name: TOKEN_TABLE, dtype: 'F32', shape: [5, 48], bytes: bytesOf(table) },
  ]);
  let broken = true;
  const embeddings = new TokenEmbeddings(weights, SIZES, (...range) => {
    if (broken) return Promise.reject(new Error('gone'));
    return read(...range);
  });
  await expect(embeddings.rows([1])).rejects.toThrow('gone');
  broken = false;
  expect(Array.from(await embeddings.rows([1]))).toEqual(row(table, 1));
});

test.each([5, -1, 1.5])('rejects the id %d', async (id) => {
  const { weights, read } = stored([
    { name: TOKEN_TABLE, dtype: 'F32', shape: [5, 48], bytes: bytesOf(table) },
  ]);
  await expect(new TokenEmbeddings(weights, SIZES, read).rows([0, id])).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('vocabulary of 5'),
  });
});

test('rejects a checkpoint without a token table', () => {
  const { weights, read } = stored([]);
  expect(() => new TokenEmbeddings(weights, SIZES, read)).toThrow(/no tensor model\.embed_tokens\.weight/);
});
