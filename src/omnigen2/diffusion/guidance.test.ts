import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineGuidance, type GuidanceRequest, guidanceBranches, workDone } from './guidance.ts';

fc.configureGlobal({ seed: 2506 });

const BASE: GuidanceRequest = {
  textGuidance: 5,
  imageGuidance: 2,
  guidanceRange: [0, 1],
  references: 1,
  step: 0,
  steps: 10,
};

function branches(change: Partial<GuidanceRequest>): string {
  return guidanceBranches({ ...BASE, ...change }).branches.join(' ');
}

describe('guidanceBranches', () => {
  it('has the forward passes of the official code for every pair of scales', () => {
    expect(branches({})).toBe('cond ref uncond');
    expect(branches({ imageGuidance: 1 })).toBe('cond uncond');
    expect(branches({ references: 0 })).toBe('cond uncond');
    expect(branches({ textGuidance: 1 })).toBe('cond');
    expect(branches({ textGuidance: 0.5, imageGuidance: 4 })).toBe('cond');
    expect(branches({ textGuidance: Number.NaN })).toBe('cond');
  });

  it('applies guidance from the first to the last step of the range, both included', () => {
    const guided = (start: number, end: number) =>
      Array.from({ length: 10 }, (_, step) =>
        branches({ guidanceRange: [start, end], step }) === 'cond' ? '.' : 'x',
      ).join('');
    expect(guided(0, 1)).toBe('xxxxxxxxxx');
    expect(guided(0, 0.6)).toBe('xxxxxxx...');
    expect(guided(0.3, 0.5)).toBe('...xxx....');
    expect(guided(0.31, 0.39)).toBe('..........');
  });
});

describe('workDone', () => {
  it('counts the passes of guided and unguided steps', () => {
    const plansOf = (request: GuidanceRequest) =>
      Array.from({ length: request.steps }, (_, step) => guidanceBranches({ ...request, step }));
    expect(workDone(plansOf({ ...BASE, steps: 4, guidanceRange: [0, 0.25] }))).toEqual([
      0,
      3 / 8,
      6 / 8,
      7 / 8,
      1,
    ]);
    expect(workDone(plansOf({ ...BASE, steps: 2, textGuidance: 1 }))).toEqual([0, 0.5, 1]);
  });
});

describe('combineGuidance', () => {
  const vector = (length: number) =>
    fc
      .array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: length, maxLength: length })
      .map((list) => Float32Array.from(list, (value) => Math.fround(value) + 0));

  it('adds the scaled differences', () => {
    const predictions = {
      cond: Float32Array.of(3, 1),
      ref: Float32Array.of(2, 0),
      uncond: Float32Array.of(1, -1),
    };
    // u + 2 (r - u) + 5 (c - r)
    expect([...combineGuidance(guidanceBranches(BASE), predictions)]).toEqual([8, 6]);
    // u + 5 (c - u)
    expect([...combineGuidance(guidanceBranches({ ...BASE, references: 0 }), predictions)]).toEqual([11, 9]);
    const alone = combineGuidance(guidanceBranches({ ...BASE, textGuidance: 1 }), predictions);
    expect([...alone]).toEqual([3, 1]);
    expect(alone).not.toBe(predictions.cond);
  });

  it('equals the passes if all passes are equal, at any scale', () => {
    fc.assert(
      fc.property(
        vector(4),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (same, textGuidance, imageGuidance) => {
          const plan = guidanceBranches({ ...BASE, textGuidance, imageGuidance });
          expect(combineGuidance(plan, { cond: same, ref: same, uncond: same })).toEqual(same);
        },
      ),
    );
  });

  it('names the missing prediction', () => {
    const plan = guidanceBranches(BASE);
    expect(() => combineGuidance(plan, { cond: Float32Array.of(1), uncond: Float32Array.of(1) })).toThrow(
      /ref/,
    );
  });
});
