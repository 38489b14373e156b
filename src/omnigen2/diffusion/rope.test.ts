import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jointPositions, positionsNote, rotaryTable, tableRows } from './rope.ts';

fc.configureGlobal({ seed: 2506 });

const grid = fc.record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) });
const AXES = [4, 8, 6] as const;

function rowsOf(positions: Int32Array): number[][] {
  return Array.from({ length: positions.length / 3 }, (_, i) => [...positions.subarray(3 * i, 3 * i + 3)]);
}

describe('jointPositions', () => {
  it('counts text on all axes, then pictures by rows and columns', () => {
    const positions = jointPositions(2, [
      { rows: 1, columns: 3 },
      { rows: 2, columns: 1 },
    ]);
    expect(rowsOf(positions)).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [2, 0, 0],
      [2, 0, 1],
      [2, 0, 2],
      [5, 0, 0],
      [5, 1, 0],
    ]);
  });

  it('gives every token its own position, and later pictures larger ids', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(grid, { minLength: 1, maxLength: 6 }), (text, pictures) => {
        const rows = rowsOf(jointPositions(text, pictures));
        expect(new Set(rows.map(String)).size).toBe(rows.length);
        expect(rows).toHaveLength(pictures.reduce((sum, { rows, columns }) => sum + rows * columns, text));
        for (let i = 1; i < rows.length; i++) expect(rows[i][0]).toBeGreaterThanOrEqual(rows[i - 1][0]);
      }),
    );
  });
});

describe('rotaryTable', () => {
  it('contains points on the unit circle, one axis after another', () => {
    const positions = Int32Array.of(0, 0, 0, 3, 5, 7);
    const { rows, cosines, sines } = rotaryTable(positions, AXES);
    expect([rows, cosines.length]).toEqual([2, 18]);
    expect([...cosines.subarray(0, 9)]).toEqual(Array(9).fill(1));
    cosines.forEach((c, i) => {
      expect(c ** 2 + sines[i] ** 2).toBeCloseTo(1, 5);
    });
    const second = Array.from(sines.subarray(9));
    expect(second[0]).toBeCloseTo(Math.sin(3), 6);
    expect(second[2]).toBeCloseTo(Math.sin(5), 6);
    expect(second[5]).toBeCloseTo(Math.sin(5 / 10_000 ** 0.75), 6);
    expect(second[6]).toBeCloseTo(Math.sin(7), 6);
  });

  it('rotates by the difference of positions, at any distance', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(500), (from, by) => {
        const ids = Int32Array.of(from, from, from, from + by, from + by, from + by, by, by, by);
        const { cosines, sines } = rotaryTable(ids, AXES);
        for (let i = 0; i < 9; i++) {
          const turned = cosines[i] * cosines[9 + i] + sines[i] * sines[9 + i];
          expect(Math.abs(turned - cosines[18 + i])).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('has views of rows that share its memory', () => {
    const table = rotaryTable(jointPositions(4, []), AXES);
    const part = tableRows(table, 1, 3);
    expect(part.rows).toBe(2);
    expect(part.cosines).toEqual(table.cosines.slice(9, 27));
    expect(part.sines.buffer).toBe(table.sines.buffer);
  });
});

describe('positionsNote', () => {
  it('names the first axis whose official table is too short', () => {
    const note = (axesLens: [number, number, number]) =>
      positionsNote(5, [{ rows: 2, columns: 8 }], axesLens);
    expect(note([6, 9, 9])).toBeUndefined();
    expect(note([5, 9, 9])).toMatch(/beyond the 5 positions/);
    expect(note([6, 9, 7])).toMatch(/beyond the 7 positions/);
    expect(note([6, 4, 9])).toMatch(/beyond the 4 positions/);
  });

  it('counts the references before the noise latents', () => {
    const wide = { rows: 1, columns: 600 };
    expect(positionsNote(400, [wide], [1024, 1664, 1664])).toBeUndefined();
    expect(positionsNote(425, [wide, { rows: 1, columns: 1 }], [1024, 1664, 1664])).toMatch(
      /the 1,024 positions/,
    );
  });
});
