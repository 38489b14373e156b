import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fixtureCase, fixtureCheckpoint } from '../fixtures.node.ts';
import { visionLayout, windowIndex, windowPatches } from './vision-windows.ts';

fc.configureGlobal({ seed: 2506 });

const { vision } = (await fixtureCheckpoint()).config.mllm;

test('window cells and bounds are the official ones', async () => {
  const { tensors } = await fixtureCase('mllm_image_1');
  const [, rows, columns] = tensors.get('image_grid_thw')?.data ?? [];
  const { cells, bounds } = windowIndex([{ rows, columns }], vision);
  expect(cells).toEqual(tensors.get('vit_window_index')?.data);
  expect(bounds).toEqual(Array.from(tensors.get('vit_cu_window_seqlens')?.data ?? []));
});

test('cell numbers continue from picture to picture', () => {
  const one = { rows: 4, columns: 6 };
  const { cells, bounds } = windowIndex([one, one], vision);
  expect(Array.from(cells.slice(6))).toEqual(Array.from(cells.slice(0, 6), (cell) => cell + 6));
  expect(bounds).toEqual([0, 24, 48]);
});

test('a side that is a multiple of the window has no empty window', () => {
  expect(windowIndex([{ rows: 16, columns: 8 }], vision).bounds).toEqual([0, 64, 128]);
});

test('every patch has one slot, and empty slots are masked', () => {
  const side = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(side, side, (cellRows, cellColumns) => {
      const length = 4 * cellRows * cellColumns;
      const layout = visionLayout({ rows: 2 * cellRows, columns: 2 * cellColumns }, vision);
      expect([...layout.order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
      for (let place = 0; place < length; place++) {
        expect(layout.slots[layout.slotOf[place]]).toBe(place);
        expect(layout.slotBias[layout.slotOf[place]]).toBe(0);
      }
      const open = layout.slotBias.filter((bias) => bias === 0).length;
      expect(open).toBe(length);
      expect(layout.slots.length).toBe(layout.windows * windowPatches(vision));
    }),
    { numRuns: 50 },
  );
});

test('`restore` inverts the window order', () => {
  const { order, restore } = visionLayout({ rows: 10, columns: 14 }, vision);
  for (const [cell, place] of restore.entries()) expect(order[4 * place]).toBe(4 * cell);
});
