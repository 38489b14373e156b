import { expect, test } from 'vitest';
import { CaseProgress } from './progress.ts';

function progressOn(isTTY: boolean) {
  const lines: string[] = [];
  let time = 5_000;
  const progress = new CaseProgress('edit', 10, { isTTY, write: (text) => lines.push(text) }, () => time);
  const after = (ms: number, cases: number) => {
    time += ms;
    progress.done(cases);
  };
  return { lines, progress, after };
}

test('a terminal shows every case and the time left at the present speed', () => {
  const { lines, progress, after } = progressOn(true);
  after(4_000, 1);
  after(236_000, 2);
  after(1_100_000, 3);
  after(0, 10);
  progress.end();
  expect(lines).toEqual([
    '\redit: 1 of 10 cases, 36 s left\u001b[K',
    '\redit: 2 of 10 cases, 16 min left\u001b[K',
    '\redit: 3 of 10 cases, 52 min left\u001b[K',
    '\redit: 10 of 10 cases, 0 s left\u001b[K',
    '\r\u001b[K',
  ]);
});

test('other outputs get a line every 30 seconds', () => {
  const { lines, after } = progressOn(false);
  after(10_000, 1);
  after(2_000_000, 2);
  after(10_000, 3);
  expect(lines).toEqual(['edit: 2 of 10 cases, 2 h 14 min left\n']);
});
