import { describe, expect, it } from 'vitest';
import { TaylorSchedule, taylorWeights } from './taylorseer.ts';

function moments(count: number) {
  const schedule = new TaylorSchedule();
  return Array.from({ length: count }, () => ({ ...schedule.advance(), last: schedule.lastFullStep }));
}

describe('TaylorSchedule', () => {
  it('computes the first five steps, then one in three', () => {
    const computed = moments(20).flatMap((moment, step) => (moment.computed ? [step] : []));
    expect(computed).toEqual([0, 1, 2, 3, 4, 7, 10, 13, 16, 19]);
  });

  it('adds one difference at every computed step from the fifth on, up to four', () => {
    const orders = moments(20).map((moment) => moment.orders);
    expect(orders).toEqual([1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5]);
  });

  it('gives the distance between computed steps, and the distance of extrapolated ones', () => {
    expect(moments(9).slice(3)).toEqual([
      { computed: true, orders: 1, gap: 1, last: 3 },
      { computed: true, orders: 2, gap: 1, last: 4 },
      { computed: false, orders: 2, ahead: 1, last: 4 },
      { computed: false, orders: 2, ahead: 2, last: 4 },
      { computed: true, orders: 3, gap: 3, last: 7 },
      { computed: false, orders: 3, ahead: 1, last: 7 },
    ]);
  });
});

describe('taylorWeights', () => {
  it('are powers over factorials', () => {
    expect(taylorWeights(5, 2)).toEqual([1, 2, 2, 8 / 6, 16 / 24]);
    expect(taylorWeights(1, 2)).toEqual([1]);
  });
});
