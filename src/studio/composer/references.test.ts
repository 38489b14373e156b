import { describe, expect, it } from 'vitest';
import { addReferences, modeText, moveReference, type Reference, removeReference } from './references.ts';

const reference = (id: string): Reference => ({
  id,
  blob: new Blob([]),
  name: `${id}.png`,
  width: 1,
  height: 1,
});
const ids = (list: readonly Reference[]) => list.map((each) => each.id).join('');
const list = [...'abcd'].map(reference);

describe('addReferences', () => {
  it('keeps the order and refuses the sixth', () => {
    const { list: now, refused } = addReferences(list, [...'efg'].map(reference));
    expect(ids(now)).toBe('abcde');
    expect(refused).toBe(2);
  });

  it('refuses all pictures if there are five', () => {
    const full = addReferences(list, [reference('e')]).list;
    expect(addReferences(full, [reference('f')])).toEqual({ list: full, refused: 1 });
  });
});

describe('moveReference', () => {
  it('moves forwards and backwards', () => {
    expect(ids(moveReference(list, 0, 2))).toBe('bcad');
    expect(ids(moveReference(list, 3, 0))).toBe('dabc');
    expect(ids(moveReference(list, 2, 3))).toBe('abdc');
  });

  it('returns the list unchanged if an index is out of range', () => {
    expect(moveReference(list, 0, -1)).toBe(list);
    expect(moveReference(list, 3, 4)).toBe(list);
    expect(moveReference(list, 4, 0)).toBe(list);
  });
});

it('removes by id', () => {
  expect(ids(removeReference(list, 'b'))).toBe('acd');
});

it('describes the mode', () => {
  expect([0, 1, 2, 3].map(modeText)).toEqual([
    'From words',
    'Edits image 1',
    'New picture from images 1 and 2',
    'New picture from images 1, 2 and 3',
  ]);
});
