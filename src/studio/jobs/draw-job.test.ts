import { describe, expect, it } from 'vitest';
import type { DrawRequest, JobEvent, JobId, Picture } from '../../protocol.ts';
import {
  applyDrawEvent,
  type DrawJob,
  FRAME_EDGE,
  frameAt,
  keptOf,
  markStopping,
  newDrawJob,
  resultRound,
  withFewStrips,
} from './draw-job.ts';
import { announcement } from './status-text.ts';

const picture = (grey: number, edge = 2): Picture => ({
  width: edge,
  height: edge,
  data: new Uint8ClampedArray(4 * edge * edge).fill(grey),
});
const job = (rounds = 1, id = 'job-1'): DrawJob => {
  const settings = {
    width: 128,
    height: 128,
    alignSize: true,
    steps: 4,
    seed: 1,
    textGuidance: 4,
    imageGuidance: 2,
    guidanceRange: [0, 1],
    scheduler: 'euler',
    acceleration: 'none',
    negativePrompt: '',
  } as const;
  const request: DrawRequest = { prompt: 'a red house', references: [], settings, rounds };
  return newDrawJob(id as JobId, request, { width: 128, height: 128 }, 'balanced');
};
const played = (start: DrawJob, ...events: readonly JobEvent[]) => events.reduce(applyDrawEvent, start);
const step = (round: number, number: number, preview?: Picture): JobEvent => ({
  type: 'denoising',
  round,
  step: number,
  steps: 4,
  preview,
  elapsedMs: 100 * number,
  remainingMs: 100 * (4 - number),
});
const painted = (round: number, grey = round): JobEvent => ({
  type: 'picture',
  round,
  picture: picture(grey),
  drawMs: 500,
});
const report = (round: number, outcome: 'accept' | 'fix' | 'unclear'): JobEvent => ({
  type: 'round',
  report: {
    round,
    instruction: round === 1 ? 'a red house' : 'Make the house red.',
    critique: outcome === 'fix' ? 'Make the house red.' : 'It meets the request.',
    outcome,
    drawMs: 500,
    critiqueMs: 200,
  },
});

describe('one drawing', () => {
  it('gathers a frame for every step that shows something', () => {
    const drawing = played(
      job(),
      { type: 'reading', round: 1 },
      step(1, 0),
      step(1, 1, picture(1)),
      step(1, 2, picture(2)),
    );
    const [round] = drawing.rounds;
    expect(round?.frames.map((frame) => frame.step)).toEqual([1, 2]);
    expect(round).toMatchObject({ step: 2, steps: 4, remainingMs: 200, steppingMs: 200 });
    expect(drawing.state).toMatchObject({ status: 'running', doing: { phase: 'drawing' } });
    expect(frameAt(round!, 3)?.step).toBe(2);
    expect(frameAt(round!, 0)).toBeUndefined();
  });

  it('keeps large previews small in the film strip, but not on the plate', () => {
    const [round] = played(job(), step(1, 1, picture(9, 1024))).rounds;
    expect(round?.frames[0]?.picture.width).toBe(FRAME_EDGE);
    expect(round?.preview?.width).toBe(1024);
  });

  it('ends the film strip with the finished picture', () => {
    const drawn = played(job(), step(1, 3, picture(3)), step(1, 4, picture(4)), {
      type: 'picture',
      round: 1,
      picture: picture(5),
      drawMs: 900,
    });
    expect(drawn.rounds[0]?.frames).toEqual([
      { step: 3, picture: picture(3) },
      { step: 4, picture: picture(5) },
    ]);
  });

  it('ends with the result and takes no event after its end', () => {
    const result = {
      type: 'picture',
      round: 1,
      rounds: 1,
      notes: [],
      totalMs: 900,
    } as const;
    const done = played(job(), step(1, 4, picture(6)), painted(1, 7), { type: 'done', result });
    expect(keptOf(done)).toEqual({ picture: picture(7), round: 1, finished: true });
    expect(played(done, step(1, 1), { type: 'cancelled' })).toBe(done);
  });

  it('keeps the half-drawn picture when the person stops', () => {
    const stopping = markStopping(played(job(), step(1, 2, picture(2))));
    expect(stopping.state).toMatchObject({ stopping: true });
    const stopped = played(stopping, { type: 'cancelled', partial: picture(3) });
    expect(keptOf(stopped)).toEqual({ picture: picture(3), round: 1, finished: false });
    const without = played(stopping, { type: 'cancelled' });
    expect(keptOf(without)?.picture).toEqual(picture(2));
    expect(keptOf(played(job(), { type: 'cancelled' }))).toBeUndefined();
  });

  it('keeps what was drawn when it fails', () => {
    const error = {
      code: 'device',
      permanent: false,
      message: 'The GPU was lost.',
      action: 'Try again.',
    } as const;
    const failed = played(job(), step(1, 2, picture(2)), { type: 'failed', error });
    expect(failed.state).toEqual({ status: 'failed', error });
    expect(keptOf(failed)).toEqual({ picture: picture(2), round: 1, finished: false });
  });
});

describe('rounds', () => {
  it('draws from the critique of the round before', () => {
    const second = played(job(3), step(1, 1), painted(1), report(1, 'fix'), { type: 'reading', round: 2 });
    expect(second.rounds.map((round) => round.instruction)).toEqual(['a red house', 'Make the house red.']);
    expect(resultRound(second)).toBe(1);
  });

  it('streams the critique and then the outcome', () => {
    const drawn = played(job(3), step(1, 4), { type: 'picture', round: 1, picture: picture(1), drawMs: 500 });
    expect(drawn.state).toMatchObject({ doing: { phase: 'looking' } });
    const looking = played(drawn, { type: 'reflecting', round: 1, text: 'Make the' });
    expect(looking.rounds[0]?.critique).toBe('Make the');
    expect(looking.rounds[0]?.outcome).toBeUndefined();
    expect(played(looking, report(1, 'accept')).rounds[0]).toMatchObject({
      outcome: 'accept',
      critiqueMs: 200,
    });
  });

  it('keeps the whole picture of an earlier round rather than half of the next', () => {
    const stopped = played(job(3), painted(1), report(1, 'fix'), step(2, 2, picture(8)), {
      type: 'cancelled',
      partial: picture(8),
    });
    expect(keptOf(stopped)).toEqual({ picture: picture(1), round: 1, finished: true });
  });
});

describe('film strips', () => {
  const strips = ({ rounds }: DrawJob) => rounds.map((round) => round.frames.length);
  const drawn = (id: string) =>
    played(
      job(3, id),
      step(1, 1, picture(1)),
      painted(1),
      report(1, 'fix'),
      step(2, 1, picture(2)),
      painted(2),
      { type: 'done', result: { type: 'picture', round: 2, rounds: 2, notes: [], totalMs: 9 } },
    );

  it('are kept of the result only, and previews of nothing that was finished', () => {
    expect(strips(drawn('job-1'))).toEqual([0, 2]);
    expect(drawn('job-1').rounds.map((round) => round.preview)).toEqual([undefined, undefined]);
  });

  it('are kept of the newest three jobs that are over, and of those that are not', () => {
    const running = played(job(1, 'job-0'), step(1, 1, picture(1)));
    const jobs = ['job-1', 'job-2', 'job-3', 'job-4'].map(drawn);
    const [first, ...others] = withFewStrips([running, ...jobs]);
    expect(first).toBe(running);
    expect(others.map(strips)).toEqual([
      [0, 0],
      [0, 2],
      [0, 2],
      [0, 2],
    ]);
    expect(others.map((each) => keptOf(each)?.picture)).toEqual(jobs.map(() => picture(2)));
  });
});

describe('announcement', () => {
  const said = (start: DrawJob, event: JobEvent) => announcement(start, applyDrawEvent(start, event));

  it('speaks of phases and quarters, not of every step', () => {
    const reading = played(job(), { type: 'reading', round: 1 });
    expect(said(reading, { type: 'denoising', round: 1, step: 0, steps: 40, elapsedMs: 0 })).toBe('Drawing.');
    const ninth = played(reading, { type: 'denoising', round: 1, step: 9, steps: 40, elapsedMs: 9 });
    expect(said(ninth, { type: 'denoising', round: 1, step: 10, steps: 40, elapsedMs: 9 })).toBe(
      'Step 10 of 40.',
    );
    const tenth = played(ninth, { type: 'denoising', round: 1, step: 10, steps: 40, elapsedMs: 9 });
    expect(said(tenth, { type: 'denoising', round: 1, step: 11, steps: 40, elapsedMs: 9 })).toBeUndefined();
  });

  it('reads a critique once it is whole, with the outcome', () => {
    const looking = played(job(3), step(1, 4), { type: 'reflecting', round: 1, text: 'Make' });
    expect(said(looking, { type: 'reflecting', round: 1, text: 'Make the' })).toBeUndefined();
    expect(said(looking, report(1, 'fix'))).toBe('Round 1: Make the house red. Goes on mending.');
  });

  it('says of a useless critique that it was one, and does not read it out', () => {
    const looking = played(job(3), step(1, 4), painted(1));
    expect(said(looking, report(1, 'unclear'))).toBe(
      'Round 1: It did not say whether the picture is right, so this one is kept. Stops here.',
    );
  });

  it('says how it ended', () => {
    const running = played(job(), step(1, 4));
    expect(said(running, { type: 'cancelled' })).toBe('Stopped. What was drawn is kept.');
  });
});
