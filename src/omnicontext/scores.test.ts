import { describe, expect, it } from 'vitest';
import { type JudgedItem, overallScore, summarize } from './scores.ts';

function judged(promptFollowing: number, subjectConsistency: number, language = 'en'): JudgedItem {
  return { language, promptFollowing, subjectConsistency };
}

it('takes the geometric mean of one item', () => {
  expect(overallScore(judged(4, 9))).toBe(6);
  expect(overallScore(judged(10, 0))).toBe(0);
});

describe('summarize', () => {
  const items = new Map([
    ['one', [judged(4, 9), judged(1, 1), judged(9, 9, 'zh')]],
    ['two', [judged(10, 10)]],
    ['none', [judged(0, 0, 'zh')]],
  ]);

  it('weights the items of a task equally, and tasks equally whatever their number of items', () => {
    const { tasks, average } = summarize(items, { language: 'en' });
    expect([...tasks]).toEqual([
      ['one', { promptFollowing: 2.5, subjectConsistency: 5, overall: 3.5 }],
      ['two', { promptFollowing: 10, subjectConsistency: 10, overall: 10 }],
    ]);
    expect(average).toEqual({ promptFollowing: 6.25, subjectConsistency: 7.5, overall: 6.75 });
  });

  it('counts all languages if none is given', () => {
    const { tasks } = summarize(items);
    expect(tasks.get('one')?.overall).toBeCloseTo(16 / 3, 12);
    expect(tasks.get('none')?.overall).toBe(0);
  });

  it('has no average if no item was judged', () => {
    expect(summarize(items, { language: 'de' })).toEqual({ tasks: new Map(), average: undefined });
  });

  it('gives NaN for a task without items, and for the average, as the official code does', () => {
    const { tasks, average } = summarize(items, { language: 'en', official: true });
    expect(tasks.get('none')?.overall).toBeNaN();
    expect(tasks.get('two')?.overall).toBe(10);
    expect(average?.overall).toBeNaN();
  });
});
