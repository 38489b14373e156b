import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/graph.ts';
import { add } from '../onnx/ops/arithmetic.ts';
import { gemm } from '../onnx/ops/matmul.ts';
import { floatToBfloat, halfToFloat } from '../tensors/half.ts';
import type { StoredTensor } from '../tensors/stored.ts';
import { fillDerived } from './derive.ts';
import { dequantize, quantize } from './quantize.ts';
import { parseSafetensorsHeader, writeSafetensors } from './safetensors.ts';

const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

describe('fillDerived', () => {
  it('casts bfloat16 to float32 and float16 and dequantizes, each at its offset', async () => {
    const values = Float32Array.from({ length: 3 * 40 }, (_, i) => Math.sin(i));
    const { codes, scales } = quantize(values, 3, 40, 4);
    const bias = Float32Array.of(1, -2.5, 3);
    const file = writeSafetensors(
      new Map([
        ['w.weight.q4', { dtype: 'U8', shape: [3, 2, 16], bytes: codes }],
        ['w.weight.scales', { dtype: 'F16', shape: [3, 2], bytes: bytesOf(scales) }],
        ['b', { dtype: 'BF16', shape: [3], bytes: bytesOf(floatToBfloat(bias)) }],
      ]),
    );
    const tensors = new Map(
      parseSafetensorsHeader(file, 'w.safetensors', file.length).map((t) => [t.name, t]),
    );
    const tensor = (name: string) => {
      const found = tensors.get(name);
      if (!found) throw new Error(name);
      return found;
    };
    const g = new GraphBuilder('test');
    const x = g.input('x', 'float32', [1, 40]);
    const weight = g.dequantize(tensor('w.weight.q4'), tensor('w.weight.scales'), 4, 40);
    g.output('y', add(g, gemm(g, x, weight), g.cast(tensor('b'), 'float32')));
    g.cast(tensor('b'), 'float16');
    const graph = g.finish();

    const read = async ({ offset, sizeBytes }: StoredTensor) => file.slice(offset, offset + sizeBytes);
    const derived = await fillDerived(graph, read);
    expect(derived).toHaveLength(graph.derivedSizeBytes);
    const part = (i: number) => {
      const { offset, sizeBytes } = graph.derived[i];
      return derived.slice(offset, offset + sizeBytes);
    };
    const want = new Float32Array(120);
    dequantize(codes, scales, { rows: 3, columns: 40, bits: 4, blockSize: 32 }, want);
    expect([...new Float32Array(part(0).buffer)]).toEqual([...want]);
    expect([...new Float32Array(part(1).buffer)]).toEqual([...bias]);
    expect([...halfToFloat(new Uint16Array(part(2).buffer))]).toEqual([...bias]);
  });
});
