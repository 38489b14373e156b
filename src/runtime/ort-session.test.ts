import { afterAll, beforeAll, expect, test } from 'vitest';
import { GraphBuilder } from '../onnx/graph.ts';
import { add, scale } from '../onnx/ops/arithmetic.ts';
import { nodeRuntime } from './runtime.node.ts';
import type { GraphSession, HostTensor, ResidentTensor, WeightBytes } from './types.ts';

const NO_WEIGHTS: WeightBytes = {
  slice: () => Promise.reject(new Error('no files')),
  derived: () => Promise.reject(new Error('no derived tensors')),
};

/** A running sum with a resident output: `next = sum + x`, `twice = 2 next`. */
let session: GraphSession;
beforeAll(async () => {
  const g = new GraphBuilder('sum');
  const sum = add(g, g.input('sum', 'float32', ['n']), g.input('x', 'float32', ['n']));
  g.output('next', sum, { resident: true });
  g.output('twice', scale(g, sum, 2));
  session = await nodeRuntime({ threads: 1 }).open(g.finish(), NO_WEIGHTS);
});
afterAll(() => session.dispose());

function floats(...values: number[]): HostTensor {
  return { type: 'float32', dims: [values.length], data: Float32Array.from(values) };
}

test('a resident output can feed several later runs', async () => {
  const first = await session.runResident({ sum: floats(1, 2), x: floats(10, 20) });
  expect(Object.keys(first.outputs)).toEqual(['twice']);
  expect(first.outputs.twice).toEqual({ ...floats(22, 44) });
  const { next } = first.resident;
  expect(next).toMatchObject({ type: 'float32', dims: [2] });
  for (const x of [1, 2]) {
    const { twice } = await session.run({ sum: next, x: floats(x, x) });
    expect(twice.data).toEqual(Float32Array.of(2 * (11 + x), 2 * (22 + x)));
  }
  next.dispose();
});

test('`run` returns only the outputs in main memory', async () => {
  expect(Object.keys(await session.run({ sum: floats(1), x: floats(1) }))).toEqual(['twice']);
});

test('a tensor of another runtime and a missing input throw an error that names the input', async () => {
  const foreign: ResidentTensor = { type: 'float32', dims: [1], dispose: () => undefined };
  await expect(session.run({ sum: foreign, x: floats(1) })).rejects.toThrow(/input sum belongs to another/);
  await expect(session.run({ sum: floats(1) })).rejects.toThrow(/without its input x/);
});

test('an error of the engine becomes a device error that names the graph', async () => {
  const misfit = session.run({ sum: floats(1, 2, 3), x: floats(1, 2) });
  await expect(misfit).rejects.toMatchObject({
    code: 'device',
    message: expect.stringMatching(/^The graph "sum" could not be run on this device: .+\.$/),
  });
  const graph = new GraphBuilder('broken').finish();
  const opened = nodeRuntime({ threads: 1 }).open(
    { ...graph, serialize: () => Uint8Array.of(1, 2, 3) },
    NO_WEIGHTS,
  );
  await expect(opened).rejects.toMatchObject({
    code: 'device',
    message: expect.stringMatching(/^The graph "broken" could not be opened on this device: .+\.$/),
  });
});
