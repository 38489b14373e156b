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
    model: { key: 'built-in', name: 'Built-in model' },
  });
  const paces = {
    good: { perStepMs: 10, overheadMs: 5 },
    bad: { perStepMs: -1, overheadMs: 5 },
    worse: 'fast',
  };
  expect(
    readSettings({ theme: 'light', preset: 'slow', rounds: 9, checksItself: true, paces }, 'dark'),
  ).toEqual({
    ...defaults,
    theme: 'light',
    checksItself: true,
    paces: { good: { perStepMs: 10, overheadMs: 5 } },
  });
});
