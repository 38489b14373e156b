import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/graph.ts';
import { matmulNBits } from '../onnx/ops/matmul.ts';
import { bfloatToFloat, floatToBfloat, halfToFloat } from '../tensors/half.ts';
import { BLOCK_SIZE, dequantize, quantize } from './quantize.ts';
import { referenceQuantize } from './quantize-reference.node.ts';

fc.configureGlobal({ seed: 2506 });

/** Pseudorandom values, approximately normal. */
function normal(count: number, seed = 1): Float32Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

function roundTrip(values: Float32Array, rows: number, columns: number, bits: 4 | 8, blockSize = BLOCK_SIZE) {
  const { codes, scales } = quantize(values, rows, columns, bits, blockSize);
  const out = new Float32Array(rows * columns);
  dequantize(codes, scales, { rows, columns, bits, blockSize }, out);
  return { codes, scales, out };
}

function relativeError(values: Float32Array, out: Float32Array): number {
  const difference = values.reduce((sum, value, i) => sum + (value - out[i]) ** 2, 0);
  return Math.sqrt(difference / values.reduce((sum, value) => sum + value ** 2, 0));
}

describe('quantize', () => {
  it('has a relative error of 8 % with 4 bits and 0.5 % with 8, for a normal matrix', () => {
    const values = normal(64 * 256);
    expect(relativeError(values, roundTrip(values, 64, 256, 4).out)).toBeLessThan(0.083);
    expect(relativeError(values, roundTrip(values, 64, 256, 8).out)).toBeLessThan(0.0053);
  });

  it('has a smaller error with 4 bits than scales that cover the largest value of each block', () => {
    const values = normal(32 * 64, 7);
    const covering = new Float32Array(values.length);
    for (let start = 0; start < values.length; start += BLOCK_SIZE) {
      const block = values.subarray(start, start + BLOCK_SIZE);
      const scale = Math.max(...block.map(Math.abs)) / 7;
      block.forEach((value, i) => {
        covering[start + i] = Math.round(value / scale) * scale;
      });
    }
    expect(relativeError(values, roundTrip(values, 32, 64, 4).out)).toBeLessThan(
      0.95 * relativeError(values, covering),
    );
  });

  it('has an error of at most one step with 8 bits, and keeps zero', () => {
    fc.assert(
      fc.property(
        fc.float32Array({
          minLength: 96,
          maxLength: 96,
          noNaN: true,
          noDefaultInfinity: true,
          min: -1000,
          max: 1000,
        }),
        (values) => {
          const { out, scales } = roundTrip(values, 2, 48, 8);
          const steps = halfToFloat(scales);
          values.forEach((value, i) => {
            const block = Math.floor(i / 48) * 2 + Math.floor((i % 48) / BLOCK_SIZE);
            // The error of the float16 scale (2^-11 relative, 2^-25 absolute) counts up to 128 times.
            const bound = Math.abs(steps[block]) * 1.07 + 128 * 2 ** -24;
            expect(Math.abs(value - out[i])).toBeLessThanOrEqual(bound);
            if (value === 0) expect(Math.abs(out[i])).toBe(0);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps multiples of a scale exact', () => {
    const values = Float32Array.from({ length: 32 }, (_, i) => ((i % 16) - 8) * 0.25);
    expect([...roundTrip(values, 1, 32, 4).out]).toEqual([...values]);
  });

  it('encodes a block of zeros and padding columns as zero', () => {
    const { codes, scales, out } = roundTrip(new Float32Array(40), 1, 40, 4);
    expect([...scales]).toEqual([0, 0]);
    expect([...codes]).toEqual(new Array(32).fill(0x88));
    expect([...out]).toEqual(new Array(40).fill(0));
  });

  it('stores the first of two 4-bit codes in the low half of a byte', () => {
    const values = new Float32Array(32);
    values[0] = -8;
    values[1] = 7;
    const { codes, scales } = quantize(values, 1, 32, 4);
    expect(halfToFloat(scales)[0]).toBeCloseTo(1, 2);
    expect(codes[0]).toBe(0xf0);
  });
});

describe('quantize equals the reference bit by bit', () => {
  const tiny = 2 ** -149;
  const random = normal(16 * 100, 5);
  const cases: readonly [name: string, values: Float32Array, columns: number][] = [
    ['normal values in 100 columns, no multiple of a block', random, 100],
    ['values of a bfloat16 checkpoint', bfloatToFloat(floatToBfloat(random)), 50],
    ['magnitudes from 1e-12 to 1e3', random.map((value, i) => value * 10 ** ((i % 16) - 12)), 64],
    ['the largest values that float16 scales can hold', random.map((value) => value * 1e5), 32],
    ['values around the smallest scale', random.map((value) => value * 2 ** -22), 40],
    ['subnormal float32 values', random.map((value) => Math.round(value * 9) * tiny), 32],
    ['zeros, and blocks of zeros', random.map((value, i) => (i % 3 === 0 || i % 128 > 64 ? 0 : value)), 64],
    ['multiples of a half, which are ties', random.map((value) => Math.round(value * 4) / 2), 33],
    ['one value per row', random, 1],
    ['one large value per block', random.map((value, i) => (i % 32 === 7 ? value * 100 : value)), 96],
  ];
  it.each(cases)('%s', (_, values, columns) => {
    const rows = Math.floor(values.length / columns);
    for (const [bits, blockSize] of [
      [4, 32],
      [8, 32],
      [4, 16],
      [8, 64],
    ] as const) {
      const want = referenceQuantize(values, rows, columns, bits, blockSize);
      const { codes, scales } = quantize(values, rows, columns, bits, blockSize);
      const bytes = bits === 8 ? [...codes] : [...codes].flatMap((byte) => [byte & 15, byte >> 4]);
      expect(bytes).toEqual(want.codes);
      expect([...scales]).toEqual(want.scales);
    }
  });

  it('any values, NaN and infinity excepted', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 96, maxLength: 96, noNaN: true, noDefaultInfinity: true }),
        (values) => {
          const want = referenceQuantize(values, 2, 48, 8, 32);
          const { codes, scales } = quantize(values, 2, 48, 8);
          expect([...codes]).toEqual(want.codes);
          expect([...scales]).toEqual(want.scales);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reports the error that the stored values have', () => {
    for (const bits of [4, 8] as const) {
      const { codes, scales, squares, squaredError, largest } = quantize(random, 16, 100, bits);
      const out = new Float32Array(random.length);
      dequantize(codes, scales, { rows: 16, columns: 100, bits, blockSize: BLOCK_SIZE }, out);
      expect(Math.sqrt(squaredError / squares)).toBeCloseTo(relativeError(random, out), 6);
      expect(largest).toBe(Math.max(...random.map(Math.abs)));
    }
  });
});

describe('MatMulNBits reads the layout', () => {
  it.each<[4 | 8, number, number, number]>([
    [4, 8, 64, 32],
    [4, 5, 84, 32],
    [8, 8, 64, 32],
    [8, 3, 100, 32],
    [4, 4, 96, 16],
  ])('%i bits, [%i, %i], blocks of %i', async (bits, rows, columns, blockSize) => {
    const values = normal(rows * columns, columns);
    const { codes, scales, out } = roundTrip(values, rows, columns, bits, blockSize);
    const blocks = Math.ceil(columns / blockSize);
    const g = new GraphBuilder('product');
    const x = g.input('x', 'float32', [2, columns]);
    const c = g.input('codes', 'uint8', [rows, blocks, (blockSize * bits) / 8]);
    const s = g.input('scales', 'float32', [rows, blocks]);
    g.output('y', matmulNBits(g, x, c, s, { bits, blockSize, columns }));
    const session = await InferenceSession.create(g.finish().serialize('slices'));
    const input = normal(2 * columns, 3);
    const { y } = await session.run({
      x: new Tensor('float32', input, [2, columns]),
      codes: new Tensor('uint8', codes, [rows, blocks, (blockSize * bits) / 8]),
      scales: new Tensor('float32', halfToFloat(scales), [rows, blocks]),
    });
    const got = y.data as Float32Array;
    for (let i = 0; i < 2; i++) {
      for (let row = 0; row < rows; row++) {
        let want = 0;
        for (let k = 0; k < columns; k++) want += input[i * columns + k] * out[row * columns + k];
        expect(Math.abs(got[i * rows + row] - want)).toBeLessThan(1e-4);
      }
    }
  });
});
