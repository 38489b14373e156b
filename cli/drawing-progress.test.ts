import { expect, test } from 'vitest';
import { DrawingProgress } from './drawing-progress.ts';

/** The output for ten steps of four seconds each. */
function written(isTTY: boolean): string[] {
  const lines: string[] = [];
  let time = 0;
  const progress = new DrawingProgress({ isTTY, write: (text) => lines.push(text) }, () => time);
  for (let step = 0; step < 10; step++) {
    progress.show({
      type: 'progress',
      round: 1,
      progress: { type: 'denoising', step, steps: 10, work: step / 10 },
    });
    time += 4000;
  }
  progress.end();
  return lines;
}

test('a terminal shows every step on one line', () => {
  const lines = written(true);
  expect(lines).toHaveLength(11);
  expect(lines[3]).toBe('\rRound 1: step 3 of 10\u001b[K');
});

test('a pipe gets a line every ten seconds, and none for a short drawing', () => {
  expect(written(false)).toEqual([
    'Round 1: step 3 of 10\n',
    'Round 1: step 6 of 10\n',
    'Round 1: step 9 of 10\n',
  ]);
});
