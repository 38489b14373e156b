/** The settings: defaults within limits, sentences about wrong values, and completion of partial settings. */

import { describe, expect, it } from 'vitest';
import { refusal } from '../checkpoints/fixture.node.ts';
import { completeSampling, MAX_NEW_TOKENS, SAMPLING_SETTINGS } from './answer-settings.ts';
import { checkSetting, checkSettings } from './check.ts';
import {
  completeSettings,
  DEFAULT_SETTINGS,
  DRAW_SETTINGS,
  type DrawSettings,
  drawSettingsSchema,
  LARGE_MODEL_SETTINGS,
} from './draw-settings.ts';
import { ADAPTER_STRENGTH, ROUNDS } from './job-settings.ts';
import type { NumberSetting, Setting } from './setting.ts';
import { pathText, validate } from './validate.ts';

const ALL: readonly Setting[] = [
  ...Object.values(DRAW_SETTINGS),
  ...Object.values(SAMPLING_SETTINGS),
  MAX_NEW_TOKENS,
  ROUNDS,
  ADAPTER_STRENGTH,
];
const complete: DrawSettings = { ...DEFAULT_SETTINGS, width: 128, height: 96, seed: 7 };

describe('every setting', () => {
  it.each(ALL.map((setting) => [setting.name, setting] as const))(
    '%s has an allowed default',
    (_, setting) => {
      if (setting.default !== undefined) expect(setting.schema.safeParse(setting.default).success).toBe(true);
    },
  );

  it.each(ALL.map((setting) => [setting.name, setting] as const))(
    '%s refuses other kinds of values in a sentence with a full stop',
    (_, setting) => {
      for (const value of [null, {}, Symbol('no'), Number.NaN]) {
        expect(setting.schema.safeParse(value).success).toBe(false);
        expect(setting.refusal(value)).toMatch(/^[A-Z][^\n]*\.$/);
        expect(setting.advice).toMatch(/^[A-Z][^\n]*\.$/);
      }
    },
  );

  it('has its usual range within its limits', () => {
    const numbers = ALL.filter((setting): setting is NumberSetting => 'usual' in setting);
    expect(numbers.length).toBeGreaterThan(9);
    for (const { name, min, max, usual } of numbers) {
      expect(min <= usual.min && usual.min < usual.max && usual.max <= max, name).toBe(true);
    }
  });
});

describe('limits', () => {
  it.each<[Setting, readonly unknown[], readonly unknown[]]>([
    [DRAW_SETTINGS.width, [16, 100, 4096], [15, 4097, 100.5, Number.POSITIVE_INFINITY, '64']],
    [DRAW_SETTINGS.steps, [1, 1000], [0, 1001, 2.5]],
    [DRAW_SETTINGS.seed, [0, 2 ** 32 - 1], [-1, 2 ** 32, 0.5]],
    [DRAW_SETTINGS.textGuidance, [0, 2.5, 100], [-0.1, 100.1]],
    [
      DRAW_SETTINGS.guidanceRange,
      [
        [0, 1],
        [0.5, 0.5],
      ],
      [[0.6, 0.4], [0, 1.5], [-0.1, 1], [0], [0, 0.5, 1], 0.5],
    ],
    [DRAW_SETTINGS.scheduler, ['euler', 'dpmsolver++'], ['dpm', 'Euler']],
    [DRAW_SETTINGS.teaCacheThreshold, [0, 10], [-1, 11]],
    [SAMPLING_SETTINGS.topP, [0, 1], [-0.1, 1.01]],
    [ROUNDS, [1, 20], [0, 21, 1.5]],
    [ADAPTER_STRENGTH, [-100, 0.5, 100], [-101, 101]],
  ])('of $name', (setting, allowed, refused) => {
    for (const value of allowed) expect(setting.schema.safeParse(value).success, String(value)).toBe(true);
    for (const value of refused) expect(setting.schema.safeParse(value).success, String(value)).toBe(false);
  });
});

describe('checkSetting', () => {
  it.each<[Setting, unknown, string, string]>([
    [
      DRAW_SETTINGS.seed,
      -1,
      'The seed -1 is not a whole number from 0 to 4,294,967,295.',
      'Choose another seed.',
    ],
    [
      DRAW_SETTINGS.steps,
      0,
      'A picture cannot be drawn in 0 steps: steps must be a whole number from 1 to 1,000.',
      'Choose between 20 and 50 steps.',
    ],
    [
      DRAW_SETTINGS.guidanceRange,
      [0.8, 0.2],
      'The guidance range 0.8 to 0.2 does not lie within 0 to 1 in rising order.',
      'Use 0 and 1 to apply guidance in every step.',
    ],
    [DRAW_SETTINGS.scheduler, 'dpm', 'There is no scheduler "dpm".', 'Choose one of euler, dpmsolver++.'],
    [
      SAMPLING_SETTINGS.temperature,
      200,
      'The temperature 200 is not a number from 0 to 100.',
      'Choose 0 for the most likely words, or about 0.7 for varied ones.',
    ],
  ])('of $name says what is wrong and what to do', async (setting, value, message, action) => {
    expect(await refusal(() => checkSetting(setting, value))).toMatchObject({
      code: 'bad_request',
      message,
      action,
    });
  });

  it('accepts complete settings and ignores other fields', () => {
    expect(() => checkSettings(DRAW_SETTINGS, { ...complete, ...{ prompt: 'a cat' } })).not.toThrow();
  });
});

describe('validate', () => {
  const problem = (data: unknown) => {
    const checked = validate(drawSettingsSchema, data);
    if (checked.ok) throw new Error('it is valid');
    const { path, setting, expected, unknownField } = checked.problem;
    return { path: pathText(path), name: setting?.name, expected, unknownField };
  };

  it('returns valid data', () => {
    expect(validate(drawSettingsSchema, complete)).toEqual({ ok: true, value: complete });
  });

  it('names the first wrong setting, also for a part of its value', () => {
    expect(problem({ ...complete, guidanceRange: [0, 5] })).toMatchObject({
      path: 'guidanceRange',
      name: 'guidance range',
      expected: 'two numbers within 0 to 1 in rising order',
    });
  });

  it('names unknown and missing fields', () => {
    expect(problem({ ...complete, step: 9 })).toMatchObject({ path: '', unknownField: 'step' });
    const { posterior: _, ...incomplete } = complete;
    expect(problem(incomplete)).toMatchObject({ path: 'posterior', expected: 'one of sample, mean' });
    expect(problem('settings')).toMatchObject({ path: '', expected: 'an object' });
  });
});

describe('completion', () => {
  const usual = { trainedSide: 128, seed: 7 };

  it('takes the size of the model, the seed and the defaults', () => {
    expect(completeSettings({}, usual)).toEqual({ ...complete, height: 128 });
    expect(completeSettings({ steps: undefined, posterior: 'mean' }, usual)).toMatchObject({
      steps: 20,
      posterior: 'mean',
    });
  });

  it('draws large models with fewer passes, unless a person says otherwise', () => {
    const large = { ...usual, modelSize: 'large' } as const;
    expect(completeSettings({}, large)).toMatchObject(LARGE_MODEL_SETTINGS);
    expect(completeSettings({ scheduler: 'euler' }, large)).toMatchObject({
      scheduler: 'euler',
      acceleration: 'taylorseer',
    });
  });

  it('does not align the size if one is given', () => {
    expect(completeSettings({ width: 64 }, usual)).toMatchObject({
      width: 64,
      height: 128,
      alignSize: false,
    });
    expect(completeSettings({ width: 64, alignSize: true }, usual)).toMatchObject({ alignSize: true });
  });

  it('of sampling has temperature 1 and top-p 1', () => {
    expect(completeSampling({ topP: undefined }, 3)).toEqual({ temperature: 1, topP: 1, seed: 3 });
    expect(completeSampling({ temperature: 0, seed: 0 }, 3)).toEqual({ temperature: 0, topP: 1, seed: 0 });
  });
});
