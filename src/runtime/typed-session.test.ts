import { afterAll, describe, expect, it } from 'vitest';
import { defineGraph, floats, list, optional } from '../onnx/define-graph.ts';
import { add } from '../onnx/ops/arithmetic.ts';
import { concat } from '../onnx/ops/layout.ts';
import { nodeRuntime } from './runtime.node.ts';
import { type Feeds, openTyped } from './typed-session.ts';
import type { HostTensor } from './types.ts';

const runtime = nodeRuntime({ threads: 1 });
afterAll(() => runtime.dispose());

interface Parts {
  readonly count: number;
  readonly offset: boolean;
}

const joinGraph = defineGraph({
  name: ({ count }) => `join ${count}`,
  inputs: ({ count, offset }: Parts) => ({
    rows: list(count, (i) => floats(`rows_${i}`, 2)),
    offset: optional(offset, floats(2)),
    bias: floats(2),
  }),
  outputs: { joined: 'host', copies: 'resident list' },
  build: (g, { rows, offset, bias }) => {
    const joined = offset.reduce((sum, value) => add(g, sum, value), add(g, concat(g, rows, 0), bias));
    g.output('stage', joined);
    return { joined, copies: rows };
  },
});

const none = { slice: () => Promise.reject(new Error('no files')), derived: async () => new Uint8Array() };

function open(parts: Parts) {
  return openTyped(runtime, none, joinGraph, parts);
}

function tensor(dims: readonly number[], ...values: number[]): HostTensor {
  return { type: 'float32', dims, data: Float32Array.from(values) };
}

describe('openTyped', () => {
  const bias = tensor([2], 10, 20);

  it('takes lists and returns lists', async () => {
    const session = await open({ count: 2, offset: false });
    const rows = [tensor([1, 2], 1, 2), tensor([2, 2], 3, 4, 5, 6)];
    const { joined, copies } = await session.run({ rows, offset: [], bias });
    expect([...joined.data]).toEqual([11, 22, 13, 24, 15, 26]);
    expect(copies.map(({ dims }) => dims)).toEqual([
      [1, 2],
      [2, 2],
    ]);
    for (const copy of copies) copy.dispose();
  });

  it('takes an optional input as a list of one', async () => {
    const session = await open({ count: 1, offset: true });
    const feeds = { rows: [tensor([1, 2], 1, 2)], offset: [tensor([2], 100, 200)], bias };
    const { joined, copies } = await session.run(feeds);
    expect([...joined.data]).toEqual([111, 222]);
    for (const copy of copies) copy.dispose();
  });

  it('reports stages, but not outputs', async () => {
    const session = await open({ count: 1, offset: false });
    const stages: string[] = [];
    const feeds = { rows: [tensor([1, 2], 1, 2)], offset: [], bias };
    const { copies } = await session.run(feeds, (stage) => stages.push(stage));
    expect(stages).toEqual(['stage']);
    for (const copy of copies) copy.dispose();
  });

  it('makes a forgotten or misspelt feed an error of the compiler', async () => {
    type JoinFeeds = Feeds<ReturnType<typeof joinGraph.inputs>>;
    const rows = [tensor([1, 2], 1, 2)];
    // @ts-expect-error `bias` is missing
    const forgotten: JoinFeeds = { rows, offset: [] };
    // @ts-expect-error `bais` is no input
    const misspelt: JoinFeeds = { rows, offset: [], bais: bias, bias };
    // @ts-expect-error `rows` is a list
    const single: JoinFeeds = { rows: rows[0], offset: [], bias };
    const session = await open({ count: 1, offset: false });
    await expect(session.run(forgotten)).rejects.toThrow('bias');
    await expect(session.run(single)).rejects.toThrow('rows_0');
    expect(Object.keys(misspelt)).toContain('bais');
  });
});
