import { expect, test } from 'vitest';
import { isStale, type Results, resultsIndex, resultsPage, wrapped } from './results.ts';

const table = { title: 'Speed', method: 'Measured twice.', columns: ['', 'ms'], rows: [['a step', '13']] };
const RESULTS: Results = {
  title: 'Speed',
  date: '2026-11-30',
  commit: '1234567',
  machine: 'Xeon, 2 cores, 24 GB',
  command: 'npm run -s bench -- --only speed',
  weights: 'a',
  tables: [table],
};

test('a page says when, at which commit, on which machine and by which command it was measured', () => {
  expect(resultsPage('speed', RESULTS, 'a')).toBe(`<!-- Written by \`npm run -s docs\` from speed.json. -->

# Speed

| | |
|---|---|
| measured | 2026-11-30 |
| commit | 1234567 |
| machine | Xeon, 2 cores, 24 GB |
| command | \`npm run -s bench -- --only speed\` |

Measured twice.

|  | ms |
| --- | --- |
| a step | 13 |
`);
});

test('each of several tables has a heading', () => {
  const page = resultsPage('speed', { ...RESULTS, tables: [table, { ...table, title: 'Memory' }] }, 'a');
  expect(page).toContain('# Speed\n');
  expect(page).toContain('\n## Speed\n\nMeasured twice.');
  expect(page).toContain('\n## Memory\n\nMeasured twice.');
});

test('a page of earlier weights says so', () => {
  expect(resultsPage('speed', RESULTS, 'b')).toContain('**Outdated**');
  expect(isStale(RESULTS, 'b')).toBe(true);
  expect(isStale({ ...RESULTS, weights: undefined }, 'b')).toBe(false);
});

test('the list links every page', () => {
  const index = resultsIndex(new Map([['speed', RESULTS]]), ['More.']);
  expect(index).toContain(
    '| [Speed](speed.md) | 2026-11-30 | 1234567 | `npm run -s bench -- --only speed` |',
  );
  expect(index.endsWith('\n\nMore.\n')).toBe(true);
});

test('a paragraph is broken between words, at most 110 characters a line', () => {
  const lines = wrapped(Array(60).fill('words').join(' ')).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBe(107);
  expect(lines.join(' ').split(' ')).toHaveLength(60);
  expect(wrapped('x'.repeat(200))).toBe('x'.repeat(200));
});
