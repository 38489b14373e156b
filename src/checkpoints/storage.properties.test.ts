/** Properties of stored weights: quantized blocks, and files with arbitrary content. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OmniError } from '../errors.ts';
import { halfToFloat, roundToHalf } from '../tensors/half.ts';
import { BLOCK_SIZE, dequantize, quantize } from './quantize.ts';
import { readTensors } from './safetensors.ts';

fc.configureGlobal({ seed: 2506 });

describe.each([4, 8] as const)('quantization to %i bits', (bits) => {
  const [rows, columns] = [2, 40];
  const blocks = Math.ceil(columns / BLOCK_SIZE);
  const matrix = fc
    .tuple(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
        minLength: rows * columns,
        maxLength: rows * columns,
      }),
      fc.integer({ min: -6, max: 6 }),
    )
    .map(([list, exponent]) => Float32Array.from(list, (value) => value * 2 ** exponent));

  function roundTrip(values: Float32Array) {
    const { codes, scales } = quantize(values, rows, columns, bits);
    const out = new Float32Array(values.length);
    dequantize(codes, scales, { rows, columns, bits, blockSize: BLOCK_SIZE }, out);
    return { out, scales: halfToFloat(scales) };
  }

  /** The blocks of the matrix. */
  function blocksOf(values: Float32Array): Float32Array[] {
    return Array.from({ length: rows * blocks }, (_, i) => {
      const start = Math.floor(i / blocks) * columns + (i % blocks) * BLOCK_SIZE;
      return values.subarray(start, Math.min(start + BLOCK_SIZE, (Math.floor(i / blocks) + 1) * columns));
    });
  }

  it('has an error of at most half a step, plus the clipping at the ends of the range', () => {
    fc.assert(
      fc.property(matrix, (values) => {
        const { out, scales } = roundTrip(values);
        const got = blocksOf(out);
        blocksOf(values).forEach((block, i) => {
          const step = Math.abs(scales[i]);
          const reach = (2 ** (bits - 1) - 0.5) * step;
          block.forEach((value, at) => {
            const beyond = Math.max(Math.abs(value) - reach, 0);
            expect(Math.abs(value - got[i][at])).toBeLessThanOrEqual(step * 0.5001 + beyond + 1e-7);
          });
        });
      }),
    );
  });

  it('has no larger error in a block than a scale that covers the largest value', () => {
    fc.assert(
      fc.property(matrix, (values) => {
        const { out } = roundTrip(values);
        const got = blocksOf(out);
        blocksOf(values).forEach((block, i) => {
          const most = 2 ** (bits - 1);
          const extreme = block.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
          const scale = roundToHalf(-extreme / most);
          const errorOf = (of: (value: number, at: number) => number) =>
            block.reduce((sum, value, at) => sum + (value - of(value, at)) ** 2, 0);
          const covering = errorOf((value) =>
            scale === 0 ? 0 : Math.max(-most, Math.min(most - 1, Math.round(value / scale))) * scale,
          );
          expect(errorOf((_, at) => got[i][at])).toBeLessThanOrEqual(covering * 1.001 + 1e-12);
        });
      }),
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(matrix, (values) => {
        const once = roundTrip(values).out;
        expect(roundTrip(once).out).toEqual(once);
      }),
    );
  });
});

describe('a weights file', () => {
  const number = fc.oneof(fc.nat(40), fc.integer(), fc.double());
  /** Entries that are nearly valid. */
  const entry = fc.record(
    {
      dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'U8', 'BF16', 'I64'), fc.string({ maxLength: 4 })),
      shape: fc.oneof(fc.array(fc.oneof(fc.nat(4), number), { maxLength: 4 }), fc.jsonValue({ maxDepth: 1 })),
      data_offsets: fc.oneof(fc.array(number, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
    },
    { requiredKeys: [] },
  );
  const header = fc.oneof(
    fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 4 }),
    fc.jsonValue({ maxDepth: 3 }),
  );

  function readOrReject(bytes: Uint8Array): void {
    try {
      readTensors(bytes, 'weights.safetensors');
    } catch (error) {
      if (!(error instanceof OmniError)) throw error;
      expect(error.message).toContain('weights.safetensors');
    }
  }

  it('with an arbitrary header is read, or rejected with an error of the project', () => {
    fc.assert(
      fc.property(header, fc.nat(80), (json, dataBytes) => {
        const text = new TextEncoder().encode(JSON.stringify(json) ?? '');
        const bytes = new Uint8Array(8 + text.length + dataBytes);
        new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
        bytes.set(text, 8);
        readOrReject(bytes);
      }),
      { numRuns: 600 },
    );
  });

  it('of arbitrary bytes is read, or rejected with an error of the project', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readOrReject), { numRuns: 400 });
  });
});
