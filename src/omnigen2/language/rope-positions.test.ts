import { expect, test } from 'vitest';
import { OmniError } from '../../errors.ts';
import { fixtureCase, fixtureCheckpoint } from '../fixtures.node.ts';
import { ropePositions, ropeTables } from './rope-positions.ts';

const { mllm } = (await fixtureCheckpoint()).config;
const IMAGE = mllm.imageTokenId;

test.each(['mllm_text', 'mllm_image_1'])('positions of %s are the official ones', async (id) => {
  const { tensors } = await fixtureCase(id);
  const [, rows, columns] = tensors.get('image_grid_thw')?.data ?? [];
  const images = rows === undefined ? [] : [{ rows, columns }];
  const { ids, delta } = ropePositions(tensors.get('input_ids')?.data ?? [], images, mllm);
  expect(ids).toEqual(tensors.get('position_ids')?.data);
  expect(delta).toBe(tensors.get('rope_deltas')?.data[0]);
});

test('a picture starts after the largest position of the picture before it', () => {
  const grid = { rows: 2, columns: 4 };
  const { ids, delta } = ropePositions([7, IMAGE, IMAGE, IMAGE, IMAGE, 7], [grid, grid], mllm);
  expect(Array.from(ids)).toEqual([...[0, 1, 1, 3, 3, 5], ...[0, 1, 1, 3, 3, 5], ...[0, 1, 2, 3, 4, 5]]);
  expect(delta).toBe(0);
});

test('text continues after the largest position', () => {
  const prompt = [7, IMAGE, IMAGE, IMAGE, IMAGE, 7];
  const { ids, delta } = ropePositions(prompt, [{ rows: 4, columns: 4 }], mllm);
  expect(ids[5]).toBe(3);
  const later = ropePositions([8, 9], [], mllm, prompt.length + delta);
  expect(Array.from(later.ids)).toEqual([4, 5, 4, 5, 4, 5]);
  expect(later.delta).toBe(0);
});

test('two parts of a prompt have the positions of the whole', () => {
  const grid = { rows: 4, columns: 2 };
  const prompt = [7, IMAGE, IMAGE, 7, 7, IMAGE, IMAGE, 7];
  const whole = ropePositions(prompt, [grid, grid], mllm);
  for (const [split, pictures] of [
    [4, 1],
    [1, 0],
    [7, 2],
  ]) {
    const first = ropePositions(prompt.slice(0, split), Array(pictures).fill(grid), mllm);
    const rest = Array(2 - pictures).fill(grid);
    const second = ropePositions(prompt.slice(split), rest, mllm, split + first.delta);
    for (const axis of [0, 1, 2]) {
      const [a, b] = [first.ids, second.ids].map((ids) => {
        const length = ids.length / 3;
        return Array.from(ids.slice(axis * length, (axis + 1) * length));
      });
      expect([...a, ...b]).toEqual(Array.from(whole.ids.slice(axis * 8, (axis + 1) * 8)));
    }
    expect(first.delta + second.delta).toBe(whole.delta);
  }
});

test.each([
  ['too few image tokens', [7, IMAGE, 7], [{ rows: 2, columns: 4 }]],
  ['more image tokens than pictures', [IMAGE, 7, IMAGE], [{ rows: 2, columns: 2 }]],
  ['a picture without image tokens', [7, 7], [{ rows: 2, columns: 2 }]],
])('rejects %s', (_, ids, images) => {
  expect(() => ropePositions(ids, images, mllm)).toThrow(OmniError);
  expect(() => ropePositions(ids, images, mllm)).toThrow(/does not fit its pictures/);
});

test('without pictures, image tokens are ordinary tokens', () => {
  const { ids, delta } = ropePositions([7, IMAGE, IMAGE, 7], [], mllm);
  expect(Array.from(ids)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  expect(delta).toBe(0);
});

test('each section of the tables uses its own axis', () => {
  const { headDim, mropeSection } = mllm.language;
  const half = headDim / 2;
  const at = (positions: number[]) => ropeTables(Int32Array.from(positions), mllm.language).cos;
  const none = at([0, 0, 0]);
  expect(Array.from(none)).toEqual(Array(half).fill(1));
  const ends = [mropeSection[0], mropeSection[0] + mropeSection[1], half];
  for (const [axis, end] of ends.entries()) {
    const turned = at([0, 1, 2].map((other) => (other === axis ? 1 : 0)));
    const start = axis === 0 ? 0 : ends[axis - 1];
    for (let i = 0; i < half; i++) {
      const frequency = Math.fround(1 / mllm.language.ropeTheta ** (i / half));
      expect(turned[i]).toBe(i >= start && i < end ? Math.fround(Math.cos(frequency)) : 1);
    }
  }
});
