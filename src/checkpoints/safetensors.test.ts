import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STORED_SIZE_BYTES, type StoredDtype } from '../tensors/stored.ts';
import { refusal } from './fixture.node.ts';
import {
  parseSafetensorsHeader,
  readSafetensorsHeader,
  readTensors,
  type TensorBytes,
  toFloat32,
  writeSafetensors,
} from './safetensors.ts';

fc.configureGlobal({ seed: 2506 });

const FILE = 'transformer/weights.safetensors';
const encoder = new TextEncoder();

/** A file with this header, and zeros as data. */
function fileOf(header: string | Uint8Array, dataBytes: number, claimed?: bigint): Uint8Array {
  const json = typeof header === 'string' ? encoder.encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function headerOf(tensors: Record<string, unknown>): string {
  return JSON.stringify(tensors);
}

const entry = (dtype: string, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
const message = async (bytes: Uint8Array) => (await refusal(() => readTensors(bytes, FILE))).message;

describe('reading', () => {
  it('finds tensors in any order and ignores metadata', () => {
    const header = headerOf({
      __metadata__: { format: 'pt' },
      b: entry('F32', [2], [4, 12]),
      a: entry('U8', [2, 2], [0, 4]),
    });
    const tensors = parseSafetensorsHeader(fileOf(header, 12), FILE, 8 + header.length + 12);
    const start = 8 + header.length;
    expect(tensors).toEqual([
      { name: 'b', dtype: 'F32', shape: [2], file: FILE, offset: start + 4, sizeBytes: 8 },
      { name: 'a', dtype: 'U8', shape: [2, 2], file: FILE, offset: start, sizeBytes: 4 },
    ]);
  });

  it('accepts scalars, empty tensors and a file without tensors', () => {
    const header = headerOf({ one: entry('F32', [], [0, 4]), none: entry('F32', [0, 5], [4, 4]) });
    expect(readTensors(fileOf(header, 4), FILE).get('none')?.bytes).toHaveLength(0);
    expect(readTensors(fileOf('{}', 0), FILE).size).toBe(0);
  });

  it('reads a header in two ranges and does not read the data', async () => {
    const bytes = writeSafetensors(
      new Map([['x', { dtype: 'F32', shape: [1000], bytes: new Uint8Array(4000) }]]),
    );
    const ranges: [number, number][] = [];
    const read = async (offset: number, length: number) => {
      ranges.push([offset, length]);
      return bytes.subarray(offset, offset + length);
    };
    expect(await readSafetensorsHeader(read, FILE, bytes.length)).toHaveLength(1);
    expect(ranges[0]).toEqual([0, 64]);
    expect(ranges.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(200);
  });

  it('keeps a tensor with the name of an object property', () => {
    const header = headerOf({ constructor: entry('U8', [1], [0, 1]) }).replace('constructor', '__proto__');
    expect([...readTensors(fileOf(header, 1), FILE).keys()]).toEqual(['__proto__']);
  });
});

describe('rejecting', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /weights\.safetensors: it is empty \(0 bytes\)/],
    ['five bytes', new Uint8Array(5), /only 5 bytes and ends before its header/],
    [
      'a header of 2^60 bytes',
      fileOf('{}', 0, 2n ** 60n),
      /claims 1152921504606846976 bytes, but the file has only 10/,
    ],
    ['a header of 2^64-1 bytes', fileOf('{}', 0, 2n ** 64n - 1n), /claims 18446744073709551615 bytes/],
    ['a header one byte too long', fileOf('{}', 0, 3n), /claims 3 bytes, but the file has only 10/],
    [
      'a web page',
      encoder.encode('<!DOCTYPE html><html><body>Not found'),
      /not a safetensors file.*<!DOCTYPE html>/,
    ],
    [
      'a Git LFS pointer',
      encoder.encode('version https://git-lfs.github.com/spec/v1\n'),
      /begins with the text "version https/,
    ],
    [
      'a header that is not JSON',
      fileOf('{"a": ', 0),
      /header of transformer\/weights\.safetensors is not valid JSON/,
    ],
    ['an empty header', fileOf('', 4), /not valid JSON: it is empty/],
    ['a header of bytes that are not UTF-8', fileOf(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 0), /not UTF-8/],
    [
      'a header nested 100,000 deep',
      fileOf('['.repeat(100_000) + ']'.repeat(100_000), 0),
      /nested deeper than 64/,
    ],
    ['an array as header', fileOf('[1,2]', 0), /its header is \[1,2\] instead of an object with tensors/],
    ['null as header', fileOf('null', 0), /its header is null/],
    ['NaN in the header', fileOf('{"a": NaN}', 0), /contains NaN, which JSON does not allow/],
    [
      'a name that occurs twice',
      fileOf(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        1,
      ),
      /names "a" twice/,
    ],
    [
      'a name that occurs twice, once escaped',
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":1}', 1),
      /names "a" twice/,
    ],
    ['a tensor that is a number', fileOf(headerOf({ a: 7 }), 0), /tensor a is described by 7/],
    [
      'no data_offsets',
      fileOf(headerOf({ a: { dtype: 'F32', shape: [1] } }), 4),
      /tensor a has the impossible data_offsets nothing/,
    ],
    [
      'three data_offsets',
      fileOf(headerOf({ a: entry('F32', [1], [0, 4, 8]) }), 4),
      /impossible data_offsets \[0,4,8\]/,
    ],
    [
      'fractional data_offsets',
      fileOf(headerOf({ a: entry('F32', [1], [0.5, 4.5]) }), 4),
      /impossible data_offsets/,
    ],
    [
      'negative data_offsets',
      fileOf(headerOf({ a: entry('F32', [1], [-4, 0]) }), 4),
      /impossible data_offsets \[-4,0\]/,
    ],
    [
      'data_offsets in reverse',
      fileOf(headerOf({ a: entry('F32', [1], [4, 0]) }), 4),
      /ends before it begins/,
    ],
    [
      'data_offsets beyond the file',
      fileOf(headerOf({ a: entry('F32', [2], [0, 8]) }), 4),
      /cut off: tensor a ends at byte \d+, but the file has only \d+/,
    ],
    [
      'data_offsets of 1e300',
      fileOf(headerOf({ a: entry('F32', [1], [1e300, 1e300]) }), 4),
      /impossible data_offsets/,
    ],
    [
      'a negative dimension',
      fileOf(headerOf({ a: entry('F32', [-1], [0, 4]) }), 4),
      /impossible shape \[-1\]/,
    ],
    ['a shape that is text', fileOf(headerOf({ a: entry('F32', '4', [0, 4]) }), 4), /impossible shape "4"/],
    [
      'a shape of other size',
      fileOf(headerOf({ a: entry('F32', [3], [0, 16]) }), 16),
      /tensor a has 16 bytes, but shape \[3\] of F32 needs 12/,
    ],
    [
      'a shape whose product overflows',
      fileOf(headerOf({ a: entry('F32', [2 ** 40, 2 ** 40], [0, 4]) }), 4),
      /tensor a has 4 bytes/,
    ],
    [
      'overlapping tensors',
      fileOf(headerOf({ a: entry('F32', [2], [0, 8]), b: entry('F32', [2], [4, 12]) }), 12),
      /tensor b overlaps with tensor a/,
    ],
    [
      'a gap between tensors',
      fileOf(headerOf({ a: entry('F32', [1], [0, 4]), b: entry('F32', [1], [8, 12]) }), 12),
      /4 bytes between tensor a and tensor b/,
    ],
    [
      'bytes after the last tensor',
      fileOf(headerOf({ a: entry('F32', [1], [0, 4]) }), 9),
      /5 bytes after tensor a belong to no tensor/,
    ],
  ])('%s', async (_, bytes, pattern) => {
    expect(await message(bytes)).toMatch(pattern);
  });

  it.each(['F8_E4M3', 'I16', 'C64', 'float32', '', null, 32, 'toString'])(
    'the element type %j',
    async (dtype) => {
      const bytes = fileOf(headerOf({ a: { dtype, shape: [4], data_offsets: [0, 4] } }), 4);
      const error = await refusal(() => readTensors(bytes, FILE));
      expect(error.code).toBe('unsupported');
      expect(error.message).toContain(`tensor a has the element type ${JSON.stringify(dtype)}`);
    },
  );

  it('a valid file cut off at any byte', async () => {
    const whole = writeSafetensors(
      new Map([
        ['a', { dtype: 'F32', shape: [3], bytes: new Uint8Array(12) }],
        ['b', { dtype: 'F16', shape: [2], bytes: new Uint8Array(4) }],
      ]),
    );
    for (let length = 0; length < whole.length; length++) {
      expect(await message(whole.slice(0, length))).toContain(FILE);
    }
  });

  it('throws only errors of the project if any byte changes', async () => {
    const whole = writeSafetensors(
      new Map([['layer.weight', { dtype: 'F16', shape: [2, 3], bytes: new Uint8Array(12) }]]),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 13), fc.nat(255), async (at, value) => {
        const bytes = whole.slice();
        bytes[at] = value;
        try {
          readTensors(bytes, FILE);
        } catch (error) {
          expect((await refusal(() => Promise.reject(error))).message).toContain(FILE);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const dtypes = Object.keys(STORED_SIZE_BYTES) as StoredDtype[];
const tensorArbitrary = fc
  .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(5), { maxLength: 4 }) })
  .chain(({ dtype, shape }) => {
    const length = shape.reduce((a, b) => a * b, STORED_SIZE_BYTES[dtype]);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes): TensorBytes => ({ dtype, shape, bytes }));
  });

describe('writing', () => {
  it('is the inverse of reading, and aligns tensors to their element size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1 }), tensorArbitrary), { maxLength: 8 }),
        (list) => {
          const tensors = new Map(list.filter(([name]) => name !== '__metadata__'));
          const bytes = writeSafetensors(tensors);
          const read = readTensors(bytes, FILE);
          expect(new Set(read.keys())).toEqual(new Set(tensors.keys()));
          for (const [name, { dtype, shape, bytes: data }] of read) {
            const original = tensors.get(name);
            expect({ dtype, shape }).toEqual({ dtype: original?.dtype, shape: original?.shape });
            expect([...data]).toEqual([...(original?.bytes ?? [])]);
          }
          for (const tensor of parseSafetensorsHeader(bytes, FILE, bytes.length)) {
            expect(tensor.offset % STORED_SIZE_BYTES[tensor.dtype]).toBe(0);
          }
        },
      ),
    );
  });
});

describe('toFloat32', () => {
  it.each<[StoredDtype, ArrayBufferView, number[]]>([
    ['F32', Float32Array.of(1.5, -2), [1.5, -2]],
    ['F64', Float64Array.of(0.1, 3), [Math.fround(0.1), 3]],
    ['F16', Uint16Array.of(0x3c00, 0xc000), [1, -2]],
    ['BF16', Uint16Array.of(0x3f80, 0xc000), [1, -2]],
    ['I64', BigInt64Array.of(-5n, 7n), [-5, 7]],
    ['I32', Int32Array.of(-5, 7), [-5, 7]],
    ['I8', Int8Array.of(-5, 7), [-5, 7]],
    ['U8', Uint8Array.of(200, 7), [200, 7]],
    ['BOOL', Uint8Array.of(1, 0), [1, 0]],
  ])('reads %s, also at odd addresses', (dtype, view, expected) => {
    const bytes = new Uint8Array(view.buffer);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect([...toFloat32(bytes, dtype)]).toEqual(expected);
    expect([...toFloat32(shifted.subarray(1), dtype)]).toEqual(expected);
  });
});
