import { expect, it } from 'vitest';
import { readSettings } from './settings.ts';

it('takes the defaults for what is missing or wrong, field by field', () => {
  const defaults = readSettings(undefined, 'dark');
  expect(defaults).toEqual({
    theme: 'dark',
    preset: 'balanced',
    checksItself: false,
    rounds: 4,
    paces: {},
    acceptsCpu: false,
    sessionInFiles: true,
    model: { key: 'built-in', name: 'Built-in model' },
    draft: { prompt: '', changes: {}, seed: 0, seedLocked: false },
  });
  const paces = {
    good: { perStepMs: 10, overheadMs: 5 },
    bad: { perStepMs: -1, overheadMs: 5 },
    worse: 'fast',
  };
  const changes = { steps: 7, textGuidance: 'much', colour: 'red' };
  const draft = { prompt: 'a red house', changes, seed: -1, seedLocked: 'yes' };
  expect(
    readSettings({ theme: 'light', preset: 'slow', rounds: 9, checksItself: true, paces, draft }, 'dark'),
  ).toEqual({
    ...defaults,
    theme: 'light',
    checksItself: true,
    paces: { good: { perStepMs: 10, overheadMs: 5 } },
    draft: { prompt: 'a red house', changes: { steps: 7 }, seed: 0, seedLocked: false },
  });
});
