import { expect, it } from 'vitest';
import { type Moment, stagesOf, stepSeconds } from './moments.ts';

const at = (name: string, seconds: number): Moment => ({ name, atMs: 1000 * seconds });
const DRAWING = [
  at('encoding-prompt', 0),
  at('denoising 0/2', 3),
  at('loading transformer', 3),
  at('denoising 1/2', 10),
  at('denoising 2/2', 15),
  at('decoding', 15),
  at('done', 16),
];

it('gives the time of each step', () => {
  expect(stepSeconds(DRAWING)).toEqual([7, 5]);
  expect(stepSeconds([at('answering', 0), at('done', 1)])).toEqual([]);
});

it('gives stages until the next one begins, the same one once', () => {
  const stages = stagesOf([at('loading mllm', 0), at('answering', 2), at('answering', 3), at('done', 5)]);
  expect(stages).toEqual([
    { name: 'loading mllm', fromMs: 0, toMs: 2000 },
    { name: 'answering', fromMs: 2000, toMs: 5000 },
  ]);
});
