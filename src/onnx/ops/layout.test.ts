import { expect, test } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { GraphBuilder } from '../graph.ts';
import { attention } from './attention.ts';
import { concat, splitEvenly } from './layout.ts';

const NO_WEIGHTS = { slice: async () => new Uint8Array(), derived: async () => new Uint8Array() };

/** Splits `rows` rows into `count` pieces. Returns sizes, and attention of the pieces over all rows. */
async function pieces(rows: number, count: number): Promise<{ sizes: number[]; attended: Float32Array }> {
  const g = new GraphBuilder('pieces');
  const x = g.input('x', 'float32', [1, 'rows', 4]);
  const parts = splitEvenly(g, x, 1, count);
  for (const [i, part] of parts.entries()) g.output(`part_${i}`, part);
  const attended = parts.map((q) => attention(g, { q, k: x, v: x, heads: 1, scale: 1 }));
  g.output('attended', concat(g, attended, 1));
  const session = await nodeRuntime({ threads: 1 }).open(g.finish(), NO_WEIGHTS);
  const data = Float32Array.from({ length: 4 * rows }, (_, i) => Math.sin(i));
  const outputs = await session.run({ x: { type: 'float32', dims: [1, rows, 4], data } });
  await session.dispose();
  return {
    sizes: parts.map((_, i) => outputs[`part_${i}`].dims[1]),
    attended: outputs.attended.data as Float32Array,
  };
}

test.each([
  [7, 7],
  [4, 3],
  [9, 7],
  [9, 8],
  [1, 4],
  [3, 8],
])(
  '%i rows split evenly into %i pieces: sizes differ by at most 1, and attention in pieces equals attention at once',
  async (rows, count) => {
    const { sizes, attended } = await pieces(rows, count);
    expect(sizes).toHaveLength(count);
    expect(sizes.reduce((a, b) => a + b)).toBe(rows);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    const { attended: whole } = await pieces(rows, 1);
    expect(attended).toHaveLength(whole.length);
    for (const [i, value] of attended.entries()) expect(Math.abs(value - whole[i])).toBeLessThan(1e-6);
  },
);
