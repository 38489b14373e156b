/** A small first run on a device, checked against plain arithmetic before any weights are loaded. */

import { OmniError } from '../errors.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { castTo, softmax } from '../onnx/ops/arithmetic.ts';
import { matmul } from '../onnx/ops/matmul.ts';
import type { Runtime, WeightBytes } from './types.ts';

const SIZE = 32;
/** Largest error against float64 at this size. */
const TOLERANCE = { float32: 1e-5, float16: 5e-3 } as const;

const NO_WEIGHTS: WeightBytes = {
  slice: () => Promise.reject(new Error('the smoke graph has no files')),
  derived: () => Promise.reject(new Error('the smoke graph has no derived tensors')),
};

/**
 * Runs softmax(A B) in every precision that the runtime offers, and compares it with float64 arithmetic.
 * @throws OmniError `device` if the result differs by more than the tolerance
 */
export async function smokeRun(runtime: Runtime): Promise<void> {
  const a = wave(1);
  const b = wave(2);
  const want = reference(a, b);
  for (const type of runtime.halfPrecision ? (['float32', 'float16'] as const) : (['float32'] as const)) {
    const g = new GraphBuilder(`smoke ${type}`);
    const [x, y] = ['a', 'b'].map((name) => castTo(g, g.input(name, 'float32', [SIZE, SIZE]), type));
    g.output('out', castTo(g, softmax(g, matmul(g, x, y)), 'float32'));
    const session = await runtime.open(g.finish(), NO_WEIGHTS);
    const dims = [SIZE, SIZE];
    const { out } = await session.run({
      a: { type: 'float32', dims, data: a },
      b: { type: 'float32', dims, data: b },
    });
    await session.dispose();
    const got = out.data as Float32Array;
    const wrong = want.some((value, i) => !(Math.abs(got[i] - value) <= TOLERANCE[type]));
    if (wrong) {
      throw new OmniError({
        code: 'device',
        message: `The graphics processor computed wrong ${type} values in a first test.`,
        action: 'Update the graphics driver or the browser. Until then the CPU draws.',
      });
    }
  }
}

function wave(seed: number): Float32Array {
  return Float32Array.from({ length: SIZE * SIZE }, (_, i) => ((i * 37 * seed + 11) % 64) / 64 - 0.5);
}

function reference(a: Float32Array, b: Float32Array): Float64Array {
  const out = new Float64Array(SIZE * SIZE);
  for (let row = 0; row < SIZE; row++) {
    let sum = 0;
    for (let column = 0; column < SIZE; column++) {
      let dot = 0;
      for (let k = 0; k < SIZE; k++) dot += a[row * SIZE + k] * b[k * SIZE + column];
      sum += out[row * SIZE + column] = Math.exp(dot);
    }
    for (let column = 0; column < SIZE; column++) out[row * SIZE + column] /= sum;
  }
  return out;
}
