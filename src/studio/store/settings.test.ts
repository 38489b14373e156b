import { expect, it } from 'vitest';
import { mergeSettings, readSettings } from './settings.ts';

it('takes the defaults for what is missing or wrong, field by field', () => {
  const defaults = readSettings(undefined, 'dark');
  expect(defaults).toEqual({
    theme: 'dark',
    preset: 'balanced',
    checksItself: false,
    rounds: 4,
    paces: {},
    acceptsCpu: false,
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

it('puts settings that were read late under what was changed meanwhile', () => {
  const began = readSettings(undefined, 'light');
  const pace = { perStepMs: 1, overheadMs: 1 };
  const stored = { ...began, theme: 'dark', rounds: 2, preset: 'best', paces: { a: pace } } as const;
  const now = { ...began, preset: 'fast', paces: { b: pace } } as const;
  expect(mergeSettings(now, began, stored)).toEqual({
    ...began,
    theme: 'dark',
    rounds: 2,
    preset: 'fast',
    paces: { a: pace, b: pace },
  });
});
