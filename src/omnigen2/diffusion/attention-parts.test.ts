import { describe, expect, it } from 'vitest';
import { attentionParts, attentionWork } from './attention-parts.ts';

describe('attentionParts', () => {
  it('stays within 32 bits on WebAssembly, with several parts from about 4,000 rows on', () => {
    const work = attentionWork('wasm');
    expect(attentionParts(work, 64, 4000)).toBe(1);
    for (const rows of [4200, 6144, 24_576]) {
      const parts = attentionParts(work, 64, rows);
      expect(parts).toBeGreaterThan(1);
      expect(2 * 64 * rows * Math.ceil(rows / parts)).toBeLessThan(2 ** 31);
    }
  });

  it('is the same for streams of nearly the same length', () => {
    const parts = [9000, 9500, 10_000, 11_000].map((rows) => attentionParts(attentionWork('wasm'), 64, rows));
    expect(new Set(parts)).toEqual(new Set([8]));
  });

  it('is one on other backends', () => {
    expect(attentionParts(attentionWork('webgpu'), 120, 24_576)).toBe(1);
    expect(attentionParts(attentionWork('node'), 120, 24_576)).toBe(1);
  });
});
