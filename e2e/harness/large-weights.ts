/** Opens a graph with large weights from a Blob, on WebAssembly, and runs it. */

import { GraphBuilder } from '../../src/onnx/graph.ts';
import { matmul } from '../../src/onnx/ops/matmul.ts';
import { startWebRuntime } from '../../src/runtime/runtime.web.ts';

declare global {
  /** @returns the first value of the output, and the engine's build */
  var openLargeWeights: (() => Promise<number>) | undefined;
}

const SIDE = 2048;
const SIZE_BYTES = 4 * SIDE * SIDE;
/** 16 MB each. */
const MATRICES = 16;

globalThis.openLargeWeights = async () => {
  // Each matrix is half of the identity.
  const half = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < SIDE; i++) half[i * SIDE + i] = 0.5;
  const file = new Blob(Array.from({ length: MATRICES }, () => half));
  const g = new GraphBuilder('large weights');
  let x = g.input('x', 'float32', [1, SIDE]);
  for (let i = 0; i < MATRICES; i++) {
    const place = { file: 'weights', offset: i * SIZE_BYTES, sizeBytes: SIZE_BYTES };
    const tensor = { name: `w${i}`, dtype: 'F32', shape: [SIDE, SIDE], ...place } as const;
    x = matmul(g, x, g.stored(tensor, 'float32'));
  }
  g.output('y', x);
  const runtime = await startWebRuntime({ backend: 'wasm' });
  const session = await runtime.open(g.finish(), {
    slice: async ({ offset, sizeBytes }) => file.slice(offset, offset + sizeBytes),
    derived: () => Promise.reject(new Error('the graph has no derived tensors')),
  });
  const ones = new Float32Array(SIDE).fill(2 ** MATRICES);
  const { y } = await session.run({ x: { type: 'float32', dims: [1, SIDE], data: ones } });
  return Number(y.data[0]);
};
