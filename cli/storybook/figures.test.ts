import { expect, test } from 'vitest';
import { atLeast, atMost, groupBy, reachesTarget, recordedTable, share, taskTable } from './figures.ts';
import { meanOf, shareOf } from './statistics.ts';

test('a table has the value, its interval, the target and whether it is reached', () => {
  const table = taskTable({
    title: 'Edit',
    cases: 4,
    seconds: 12.4,
    figures: [
      share('right', shareOf([true, true, true, false]), atLeast(0.9)),
      { name: 'error', unit: 'greys', value: meanOf([1, 2]), target: atMost(2) },
      { name: 'gain', unit: 'points', value: meanOf([0.25, 0.15]) },
      share('nothing', shareOf([]), atLeast(0.5)),
    ],
    failures: [{ id: 'edit-3', message: 'No memory.' }],
  });
  expect(table).toContain('4 held-out cases in 12 s.');
  expect(table).toContain('| right | 75.0% | 30.1% … 95.4% | 4 | at least 90.0% | no |');
  expect(table).toContain('| error | 1.50 | 0.52 … 2.48 | 2 | at most 2.00 | yes |');
  expect(table).toContain('| gain | +20.0 points | +10.2 points … +29.8 points | 2 |  |  |');
  expect(table).toContain('| nothing | none |  | 0 | at least 50.0% |  |');
  expect(table).toContain('1 of the cases ended with an error and count as failed:\n\n- edit-3: No memory.');
});

test('the method of a recorded table holds the words after the colon of the title, and the failures', () => {
  const { title, method, rows } = recordedTable({
    title: 'Gain (gain): two fixes at most',
    cases: 4,
    seconds: 12.4,
    figures: [share('right', shareOf([true]))],
    failures: [{ id: 'gain-3', message: 'No memory.' }],
  });
  expect(title).toBe('Gain (gain)');
  expect(method).toBe(
    '4 held-out cases in 12 s. Two fixes at most. ' +
      '1 of the cases ended with an error and count as failed: gain-3 (No memory.).',
  );
  expect(rows).toEqual([['right', '100.0%', '20.7% … 100.0%', '1', '', '']]);
});

test('a value equal to the target reaches it', () => {
  const half = shareOf([true, false]);
  expect(reachesTarget(share('', half, atLeast(0.5)))).toBe(true);
  expect(reachesTarget(share('', half, atMost(0.5)))).toBe(true);
  expect(reachesTarget(share('', half, atLeast(0.51)))).toBe(false);
  expect(reachesTarget(share('', half, atMost(0.49)))).toBe(false);
  expect(reachesTarget(share('', half))).toBeUndefined();
});

test('groups are in the order of their first members', () => {
  expect([...groupBy(['bb', 'a', 'cc'], ({ length }) => String(length))]).toEqual([
    ['2', ['bb', 'cc']],
    ['1', ['a']],
  ]);
});
