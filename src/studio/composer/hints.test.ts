import { describe, expect, it } from 'vitest';
import { findHints, followMove, insertMention, replaceMention } from './hints.ts';

const missing = (prompt: string, count: number) =>
  findHints(prompt, count).flatMap((hint) =>
    hint.kind === 'missing' ? [`${hint.number}:${hint.words}`] : [],
  );

describe('findHints', () => {
  it('finds nothing if every mentioned picture exists', () => {
    expect(findHints('the bunny of image 1 beside the boat of image 2', 2)).toEqual([]);
    expect(findHints('a red house in the snow', 0)).toEqual([]);
    expect(findHints('make the bunny happy', 1)).toEqual([]);
  });

  it('finds a mention of a missing picture', () => {
    expect(missing('the bunny of image 1 beside the boat of image 3', 2)).toEqual(['3:image 3']);
    expect(missing('the cat from picture #2', 1)).toEqual(['2:picture #2']);
    expect(missing('the boat in the second picture', 1)).toEqual(['2:second picture']);
    expect(missing('the cat of image 1', 0)).toEqual(['1:image 1']);
    expect(missing('Image 0', 3)).toEqual(['0:Image 0']);
  });

  it('reads lists of numbers', () => {
    expect(missing('combine images 1, 2 and 4', 2)).toEqual(['4:4']);
    expect(missing('put images 1 and 2 in the snow', 1)).toEqual(['2:2']);
    expect(missing('put image 1 and 2 trees in the snow', 1)).toEqual([]);
  });

  it('does not mistake a number of things for a mention', () => {
    expect(findHints('3 mushrooms and 2 cats', 1)).toEqual([]);
    expect(findHints('an image with 4 stars', 1)).toEqual([]);
  });

  it('reports several pictures that the prompt does not mention', () => {
    expect(findHints('put the bunny beside the boat', 2)).toEqual([{ kind: 'unnamed', numbers: [1, 2] }]);
    expect(findHints('the bunny of image 1 beside the boat', 3)).toEqual([
      { kind: 'unnamed', numbers: [2, 3] },
    ]);
    expect(findHints('put both animals on the beach', 2)).toEqual([]);
    expect(findHints('combine these pictures', 2)).toEqual([]);
    expect(findHints('', 2)).toEqual([]);
  });
});

describe('replaceMention', () => {
  it('replaces the words by the mention of another picture', () => {
    const prompt = 'the bunny of image 1 beside the boat of image 3, at sea';
    const [hint] = findHints(prompt, 2);
    expect(hint?.kind === 'missing' && replaceMention(prompt, hint, 2)).toBe(
      'the bunny of image 1 beside the boat of image 2, at sea',
    );
  });

  it('replaces only the number in a list', () => {
    const prompt = 'mix images 1 and 5';
    const [hint] = findHints(prompt, 2);
    expect(hint?.kind === 'missing' && replaceMention(prompt, hint, 2)).toBe('mix images 1 and 2');
  });
});

describe('insertMention', () => {
  it('says of which picture something is', () => {
    const prompt = 'the house beside the fox';
    expect(insertMention(prompt, prompt.length, 1)).toBe('the house beside the fox of image 1');
    expect(insertMention(prompt, 9, 2)).toBe('the house of image 2 beside the fox');
  });

  it('completes what a preposition, a sentence or an empty prompt leaves open', () => {
    expect(insertMention('the house from, at night', 14, 1)).toBe('the house from image 1, at night');
    expect(insertMention('Make it night. ', 15, 2)).toBe('Make it night. image 2');
    expect(insertMention('', 0, 1)).toBe('image 1');
  });
});

describe('followMove', () => {
  it('keeps every mention with its picture', () => {
    const prompt = 'the cat of image 1 in the boat of the second picture, like images 1 and 3';
    expect(followMove(prompt, 0, 1)).toBe(
      'the cat of image 2 in the boat of the first picture, like images 2 and 3',
    );
    expect(followMove(followMove(prompt, 0, 2), 2, 0)).toBe(prompt);
    expect(followMove('3 cats and image 9', 0, 1)).toBe('3 cats and image 9');
  });
});
