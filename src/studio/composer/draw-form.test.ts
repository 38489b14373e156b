import { describe, expect, it } from 'vitest';
import {
  changeCount,
  type DrawForm,
  isSeed,
  NEW_FORM,
  readSeed,
  requestOf,
  settingsOf,
  sizeOf,
  withChange,
} from './draw-form.ts';
import type { Reference } from './references.ts';

const form = (change: Partial<DrawForm> = {}): DrawForm => ({
  ...NEW_FORM,
  prompt: 'a red house',
  ...change,
});
const picture = (width: number, height: number): Reference => ({
  id: `${width}x${height}`,
  blob: new Blob(['x']),
  name: 'x.png',
  width,
  height,
});
const problems = (changed: DrawForm, seed = 7) => {
  const result = requestOf(changed, seed);
  return result.ok ? [] : result.problems.map((problem) => problem.field);
};

describe('requestOf', () => {
  it('uses the settings of the preset', () => {
    const result = requestOf(form({ prompt: '  a red house ', checksItself: true }), 7);
    expect(result).toEqual({
      ok: true,
      size: { width: 128, height: 128 },
      request: {
        prompt: 'a red house',
        references: [],
        rounds: 4,
        settings: {
          width: 128,
          height: 128,
          alignSize: true,
          steps: 20,
          seed: 7,
          textGuidance: 4,
          imageGuidance: 2,
          guidanceRange: [0, 0.6],
          scheduler: 'euler',
          acceleration: 'none',
          teaCacheThreshold: 0.05,
          posterior: 'sample',
          negativePrompt: '',
        },
      },
    });
  });

  it('has one round if the form does not check itself', () => {
    const result = requestOf(form({ checksItself: false, rounds: 3 }), 7);
    expect(result.ok && result.request.rounds).toBe(1);
  });

  it('needs a prompt of at most 10,000 characters', () => {
    for (const blank of ['', ' \n', '\u200b\u00a0\ufeff'])
      expect(problems(form({ prompt: blank }))).toEqual(['prompt']);
    expect(problems(form({ prompt: '🦊'.repeat(10_000) }))).toEqual([]);
    expect(problems(form({ prompt: 'x'.repeat(10_000) }))).toEqual([]);
    const result = requestOf(form({ prompt: 'x'.repeat(10_050) }), 7);
    expect(result).toEqual({
      ok: false,
      problems: [
        {
          field: 'prompt',
          message: 'The prompt has 10,050 characters; the limit is 10,000.',
          action: 'Shorten it by 50 characters.',
        },
      ],
    });
  });

  it.each([
    ['size', { width: 15, height: 128 }],
    ['size', { width: 4097, height: 128 }],
    ['size', { width: 128, height: 48.5 }],
    ['size', { width: Number.NaN, height: 128 }],
    ['steps', { steps: 0 }],
    ['steps', { steps: 1001 }],
    ['steps', { steps: 2.5 }],
    ['textGuidance', { textGuidance: -0.5 }],
    ['imageGuidance', { imageGuidance: Number.NaN }],
    ['guidanceRange', { guidanceRange: [0.6, 0.4] }],
  ] as const)('refuses a wrong %s: %j', (field, changes) => {
    expect(problems(form({ changes }))).toEqual([field]);
  });

  it('accepts every setting that the pipeline can draw with', () => {
    const extremes = {
      width: 16,
      height: 4096,
      alignSize: false,
      steps: 1000,
      textGuidance: 100,
      imageGuidance: 0,
    };
    expect(problems(form({ changes: extremes, checksItself: true, rounds: 20 }))).toEqual([]);
    expect(problems(form({ changes: { width: 130, alignSize: false } }))).toEqual([]);
    expect(problems(form({ checksItself: true, rounds: 21 }))).toEqual(['rounds']);
  });

  it('says what is wrong and what is allowed', () => {
    expect(requestOf(form({ changes: { steps: 1001 } }), -5)).toMatchObject({
      problems: [
        {
          message: 'A picture cannot be drawn in 1001 steps: steps must be a whole number from 1 to 1,000.',
          action: 'Choose between 20 and 50 steps.',
        },
        {
          message: 'The seed -5 is not a whole number from 0 to 4,294,967,295.',
          action: 'Choose another seed.',
        },
      ],
    });
    expect(requestOf(form({ changes: { width: Number.NaN, textGuidance: Number.NaN } }), 7)).toMatchObject({
      problems: [
        { message: 'The width is missing.' },
        { message: 'The text guidance must be a number.', action: 'Choose a number from 0 to 100.' },
      ],
    });
  });

  it('accepts seeds of 32 bits', () => {
    expect(problems(form(), 0xffff_ffff)).toEqual([]);
    expect(problems(form(), 0x1_0000_0000)).toEqual(['seed']);
    expect(problems(form(), -1)).toEqual(['seed']);
    expect(problems(form(), 1.5)).toEqual(['seed']);
  });
});

describe('readSeed', () => {
  it('reads digits, also in groups, and no other notation', () => {
    expect(['7', '007', ' 1 845 898 492', '4,294,967,295'].map(readSeed)).toEqual([
      ...[7, 7, 1845898492, 0xffff_ffff],
    ]);
    for (const typed of ['-5', '−5', '1.5', '', '-', 'five', '0x10', '1e3', '4294967296']) {
      expect(isSeed(readSeed(typed)), typed).toBe(false);
    }
    expect(readSeed('-5')).toBe(-5);
  });
});

describe('sizeOf', () => {
  it('is that of the only reference, cut to multiples of 16 and never enlarged', () => {
    expect(sizeOf(form({ references: [picture(640, 480)] }))).toEqual({ width: 144, height: 96 });
    expect(sizeOf(form({ references: [picture(1000, 1000)] }))).toEqual({ width: 128, height: 128 });
    expect(sizeOf(form({ references: [picture(100, 100)] }))).toEqual({ width: 96, height: 96 });
    expect(sizeOf(form({ references: [picture(4000, 100)] }))).toEqual({ width: 800, height: 16 });
    expect(sizeOf(form({ references: [picture(4000, 10)] }))).toEqual({ width: 128, height: 128 });
  });

  it('is a limit of the area if the reference sets it, and exact if the person sets it', () => {
    const edit = form({ references: [picture(640, 480)] });
    expect(requestOf(edit, 7)).toMatchObject({
      size: { width: 144, height: 96 },
      request: { settings: { width: 128, height: 128, alignSize: true } },
    });
    const square = withChange(edit, { width: 96, height: 160, alignSize: false });
    expect(requestOf(square, 7)).toMatchObject({
      size: { width: 96, height: 160 },
      request: { settings: { width: 96, height: 160, alignSize: false } },
    });
  });

  it('is square for several references', () => {
    expect(sizeOf(form({ references: [picture(640, 480), picture(10, 90)] }))).toEqual({
      width: 128,
      height: 128,
    });
  });
});

describe('withChange', () => {
  it('keeps a change that differs from the preset and drops one that equals it', () => {
    const changed = withChange(form(), { steps: 40, textGuidance: 6 });
    expect(Object.keys(changed.changes)).toEqual(['steps', 'textGuidance']);
    expect(settingsOf(changed)).toMatchObject({ steps: 40, textGuidance: 6, imageGuidance: 2 });
    expect(withChange(changed, { steps: 20 }).changes).toEqual({ textGuidance: 6 });
  });
});

describe('changeCount', () => {
  it('counts width, height and a fixed size as one change', () => {
    expect(changeCount(form())).toBe(0);
    const sized = withChange(form(), { width: 96, height: 160, alignSize: false });
    expect(changeCount(sized)).toBe(1);
    expect(changeCount(withChange(sized, { steps: 30 }))).toBe(2);
    expect(changeCount(withChange(form(), { width: 128, height: 128, alignSize: false }))).toBe(1);
  });
});
