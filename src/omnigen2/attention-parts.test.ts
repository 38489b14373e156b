import { describe, expect, it } from 'vitest';
import { attentionParts } from './attention-parts.ts';

describe('attentionParts', () => {
  it('stays within 32 bits on WebAssembly, where several parts are needed from about 4,000 rows', () => {
    expect(attentionParts('wasm', 64, 4000)).toBe(1);
    for (const rows of [4200, 6144, 24_576]) {
      const parts = attentionParts('wasm', 64, rows);
      expect(parts).toBeGreaterThan(1);
      expect(2 * 64 * rows * Math.ceil(rows / parts)).toBeLessThan(2 ** 31);
      // No part is empty.
      expect((parts - 1) * Math.ceil(rows / parts)).toBeLessThan(rows);
    }
  });

  it('is one elsewhere', () => {
    expect(attentionParts('webgpu', 120, 24_576)).toBe(1);
    expect(attentionParts('node', 120, 24_576)).toBe(1);
  });
});
