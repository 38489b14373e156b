import { expect, test } from 'vitest';
import { adapterFiles } from './adapter-files.ts';

const DIFFUSERS = 'pytorch_lora_weights.safetensors';
const named = (name: string) => new File(['weights'], name);

test('files that are called alike are told apart, and names that were given stay', () => {
  const files = adapterFiles([
    { file: named(DIFFUSERS) },
    { file: named(DIFFUSERS), strength: 0.5 },
    { file: named('style.safetensors') },
    { file: named(DIFFUSERS), name: `${DIFFUSERS} (2)` },
    { file: new Blob(['weights']) },
    { file: named(DIFFUSERS), name: 'style.safetensors' },
  ]);
  expect(files.map(({ name, strength }) => [name, strength])).toEqual([
    [DIFFUSERS, 1],
    [`${DIFFUSERS} (3)`, 0.5],
    ['style.safetensors (2)', 1],
    [`${DIFFUSERS} (2)`, 1],
    ['adapter 5', 1],
    ['style.safetensors', 1],
  ]);
});
