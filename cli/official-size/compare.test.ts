import { expect, it } from 'vitest';
import { comparePictures, distinctValues } from './compare.ts';
import { referencePicture } from './jobs.ts';

it('counts the values that differ and finds the largest difference', () => {
  const picture = referencePicture();
  const other = { ...picture, data: picture.data.slice() };
  expect(comparePictures(picture, other)).toEqual({ largest: 0, different: 0, values: picture.data.length });
  other.data[0] += 3;
  other.data[10] -= 1;
  expect(comparePictures(picture, other)).toMatchObject({ largest: 3, different: 2 });
  expect(comparePictures(picture, { ...other, width: 1 })).toBeUndefined();
});

it('tells a picture of one colour from others', () => {
  const picture = referencePicture();
  expect(distinctValues(picture)).toBeGreaterThan(100);
  expect(distinctValues({ ...picture, data: new Uint8Array(picture.data.length) })).toBe(1);
});
