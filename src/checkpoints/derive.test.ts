import { expect, test } from 'vitest';
import { floatToBfloat, halfToFloat } from '../tensors/half.ts';
import type { StoredTensor } from '../tensors/stored.ts';
import { deriveTensor } from './derive.ts';

test('casts bfloat16 to float32 and to float16', async () => {
  const values = Float32Array.of(1, -2.5, 3);
  const stored = floatToBfloat(values);
  const source: StoredTensor = {
    ...{ name: 'b', dtype: 'BF16', shape: [3], file: 'b.safetensors', offset: 0, sizeBytes: 6 },
  };
  const read = async () => new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  const wide = await deriveTensor({ key: 'b:float32', source, to: 'float32', sizeBytes: 12 }, read);
  expect([...new Float32Array(wide.buffer)]).toEqual([...values]);
  const half = await deriveTensor({ key: 'b:float16', source, to: 'float16', sizeBytes: 6 }, read);
  expect([...halfToFloat(new Uint16Array(half.buffer))]).toEqual([...values]);
});
