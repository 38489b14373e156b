import { describe, expect, it } from 'vitest';
import { anchorOf, withQuotes } from './quotes.ts';
import type { Results } from './results.ts';

const WEIGHTS = 'present';
const method = 'Measured.';
const SPEED: Results = {
  title: 'Speed',
  date: '2026-11-30',
  commit: '1234567',
  machine: 'one',
  command: 'npm run -s bench',
  tables: [
    {
      title: 'Speed',
      method,
      columns: ['weights', 'size', 'error'],
      rows: [
        ['q8', '18.2 MB', '1.27%'],
        ['twice', '1', '2'],
        ['twice', '3', '4'],
      ],
    },
  ],
};
const CARD: Results = {
  ...SPEED,
  weights: WEIGHTS,
  tables: [
    { title: 'From words (t2i)', method, columns: ['', 'value'], rows: [['checks right', '96.2%']] },
    { title: 'Edit', method, columns: ['', 'value'], rows: [['success', '87.5%']] },
  ],
};
const RESULTS = new Map([
  ['speed', SPEED],
  ['card', CARD],
]);
const quoted = (text: string) => withQuotes('PAGE.md', text, RESULTS, WEIGHTS);

describe('withQuotes', () => {
  it.each([
    ['[?](results/speed.md "q8")', '[18.2 MB](results/speed.md "q8")'],
    ['[old %](../results/speed.md "q8 / error")', '[1.27%](../results/speed.md "q8 / error")'],
    ['a [18.2\nMB](docs/results/speed.md\n"q8"), b', 'a [18.2\nMB](docs/results/speed.md\n"q8"), b'],
    [
      'a [96.2%](docs/results/card.md#from-words-t2i\n"checks  right"), b',
      'a [96.2%](docs/results/card.md#from-words-t2i\n"checks  right"), b',
    ],
    ['[1\n%](results/speed.md "q8")', '[18.2 MB](results/speed.md "q8")'],
    [
      '| [x](results/card.md#edit "success") | [y](results/speed.md "q8") |',
      '| [87.5%](results/card.md#edit "success") | [18.2 MB](results/speed.md "q8") |',
    ],
  ])('takes the figure from its source: %j', (text, want) => {
    expect(quoted(text)).toBe(want);
    expect(quoted(want)).toBe(want);
  });

  it.each(['[speed](results/speed.md)', '[all](docs/results/README.md)', 'plain 95%', '[a](b.md "c")'])(
    'leaves other links alone: %j',
    (text) => expect(quoted(text)).toBe(text),
  );

  it.each([
    ['a page that is not there', '[1](results/slow.md "q8")', 'no slow.json'],
    ['a row that is not there', '[1](results/speed.md "q2")', 'no such table, row or column'],
    ['a row that is there twice', '[1](results/speed.md "twice")', 'no such table, row or column'],
    ['a column that is not there', '[1](results/speed.md "q8 / time")', 'no such table, row or column'],
    ['the column of names', '[1](results/speed.md "q8 / weights")', 'no such table, row or column'],
    ['one of several tables without its name', '[1](results/card.md "success")', 'no such table'],
    ['another table', '[1](results/card.md#from-words-t2i "success")', 'no such table'],
  ])('refuses a quote of %s', (_, text, message) => {
    expect(() => quoted(text)).toThrow(message);
    expect(() => quoted(text)).toThrow('PAGE.md');
  });

  it('refuses a figure of earlier weights and names the command that measures it', () => {
    const text = '[87.5%](results/card.md#edit "success")';
    expect(() => withQuotes('PAGE.md', text, RESULTS, 'newer')).toThrow(
      expect.objectContaining({ action: 'Run npm run -s bench' }),
    );
  });
});

it.each([
  ['From words (t2i)', 'from-words-t2i'],
  ['A picture under Node, and by PyTorch', 'a-picture-under-node-and-by-pytorch'],
  ['Fix of what a critique names (critique_fix)', 'fix-of-what-a-critique-names-critique_fix'],
])('anchorOf(%j) is the anchor that GitHub gives', (heading, anchor) => {
  expect(anchorOf(heading)).toBe(anchor);
});
