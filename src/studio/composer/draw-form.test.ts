import { describe, expect, it } from 'vitest';
import {
  adjustmentsOf,
  type DrawForm,
  isSeed,
  NEW_FORM,
  planDrawing,
  readSeed,
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
  const plan = planDrawing(changed, seed);
  return plan.ok ? [] : plan.problems.map((problem) => problem.field);
};

describe('planDrawing', () => {
  it('makes the request with the values of the preset', () => {
    const plan = planDrawing(form({ prompt: '  a red house ', checksItself: true }), 7);
    expect(plan).toEqual({
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
          negativePrompt: '',
        },
      },
    });
  });

  it('draws once when it does not check its work', () => {
    const plan = planDrawing(form({ checksItself: false, rounds: 3 }), 7);
    expect(plan.ok && plan.request.rounds).toBe(1);
  });

  it('asks for words, and for fewer than 10,001 characters', () => {
    for (const blank of ['', ' \n', '\u200b\u00a0\ufeff'])
      expect(problems(form({ prompt: blank }))).toEqual(['prompt']);
    expect(problems(form({ prompt: '🦊'.repeat(10_000) }))).toEqual([]);
    expect(problems(form({ prompt: 'x'.repeat(10_000) }))).toEqual([]);
    const plan = planDrawing(form({ prompt: 'x'.repeat(10_050) }), 7);
    expect(plan).toEqual({
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
    ['size', { size: { kind: 'fixed', width: 130, height: 128 } }],
    ['size', { size: { kind: 'fixed', width: 1040, height: 128 } }],
    ['size', { size: { kind: 'fixed', width: 128, height: 48 } }],
    ['size', { size: { kind: 'fixed', width: Number.NaN, height: 128 } }],
    ['steps', { steps: 0 }],
    ['steps', { steps: 101 }],
    ['steps', { steps: 2.5 }],
    ['textGuidance', { textGuidance: 0.5 }],
    ['imageGuidance', { imageGuidance: Number.NaN }],
    ['guidanceRange', { guidanceRange: [0.6, 0.4] }],
  ] as const)('refuses a wrong %s: %j', (field, changes) => {
    expect(problems(form({ changes }))).toEqual([field]);
  });

  it('takes seeds of 32 bits', () => {
    expect(problems(form(), 0xffff_ffff)).toEqual([]);
    expect(problems(form(), 0x1_0000_0000)).toEqual(['seed']);
    expect(problems(form(), -1)).toEqual(['seed']);
    expect(problems(form(), 1.5)).toEqual(['seed']);
  });
});

describe('readSeed', () => {
  it('reads digits, in groups too, and makes no seed of anything else', () => {
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
  it('is what an edit of the only reference takes: cut to multiples of 16, never enlarged', () => {
    expect(sizeOf(form({ references: [picture(640, 480)] }))).toEqual({ width: 144, height: 96 });
    expect(sizeOf(form({ references: [picture(1000, 1000)] }))).toEqual({ width: 128, height: 128 });
    expect(sizeOf(form({ references: [picture(100, 100)] }))).toEqual({ width: 96, height: 96 });
    expect(sizeOf(form({ references: [picture(4000, 100)] }))).toEqual({ width: 800, height: 16 });
    expect(sizeOf(form({ references: [picture(4000, 10)] }))).toEqual({ width: 128, height: 128 });
  });

  it('is asked for as an area where the reference decides, and exactly where the person does', () => {
    const edit = form({ references: [picture(640, 480)] });
    expect(planDrawing(edit, 7)).toMatchObject({
      size: { width: 144, height: 96 },
      request: { settings: { width: 128, height: 128, alignSize: true } },
    });
    const square = withChange(edit, { size: { kind: 'fixed', width: 96, height: 160 } });
    expect(planDrawing(square, 7)).toMatchObject({
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
  it('keeps a change over another preset and forgets one that equals it', () => {
    const changed = withChange(form(), { steps: 40, textGuidance: 6 });
    expect(Object.keys(changed.changes)).toEqual(['steps', 'textGuidance']);
    expect(adjustmentsOf(changed)).toMatchObject({ steps: 40, textGuidance: 6, imageGuidance: 2 });
    expect(withChange(changed, { steps: 20 }).changes).toEqual({ textGuidance: 6 });
  });
});
