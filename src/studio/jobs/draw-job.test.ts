import { describe, expect, it } from 'vitest';
import type { DrawRequest, JobEvent, JobId, Picture } from '../../protocol.ts';
import { DEFAULT_SETTINGS } from '../../settings/draw-settings.ts';
import {
  applyDrawEvent,
  type DrawJob,
  finalPictureOf,
  limitStepPreviews,
  markStopping,
  newDrawJob,
  resultRound,
  STEP_PREVIEW_SIDE,
  stepPreviewAt,
} from './draw-job.ts';
import { announcementFor } from './status-text.ts';

const picture = (grey: number, edge = 2): Picture => ({
  width: edge,
  height: edge,
  data: new Uint8ClampedArray(4 * edge * edge).fill(grey),
});
const job = (rounds = 1, id = 'job-1'): DrawJob => {
  const settings = { ...DEFAULT_SETTINGS, width: 128, height: 128, steps: 4, seed: 1 };
  const request: DrawRequest = { prompt: 'a red house', references: [], settings, rounds };
  return newDrawJob(id as JobId, request, { width: 128, height: 128 }, 'balanced');
};
const afterEvents = (start: DrawJob, ...events: readonly JobEvent[]) => events.reduce(applyDrawEvent, start);
const step = (round: number, number: number, preview?: Picture): JobEvent => ({
  type: 'denoising',
  round,
  step: number,
  steps: 4,
  preview,
  elapsedMs: 100 * number,
  remainingMs: 100 * (4 - number),
});
const finished = (round: number, grey = round): JobEvent => ({
  type: 'picture',
  round,
  picture: picture(grey),
  drawMs: 500,
});
const CRITIQUES = {
  accept: 'It meets the request.',
  fix: 'Make the house red.',
  unclear: 'The critic said nothing about this picture.',
};
const report = (round: number, outcome: 'accept' | 'fix' | 'unclear'): JobEvent => ({
  type: 'round',
  report: {
    round,
    instruction: round === 1 ? 'a red house' : 'Make the house red.',
    critique: CRITIQUES[outcome],
    outcome,
    drawMs: 500,
    critiqueMs: 200,
  },
});

describe('one drawing', () => {
  it('stores a preview of each step that has one', () => {
    const drawing = afterEvents(
      job(),
      { type: 'encoding-prompt', round: 1 },
      step(1, 0),
      step(1, 1, picture(1)),
      step(1, 2, picture(2)),
    );
    const [round] = drawing.rounds;
    expect(round?.stepPreviews.map((preview) => preview.step)).toEqual([1, 2]);
    expect(round).toMatchObject({ step: 2, steps: 4, remainingMs: 200, steppingMs: 200 });
    expect(drawing.state).toMatchObject({ status: 'running', activity: { phase: 'drawing' } });
    expect(stepPreviewAt(round!, 3)?.step).toBe(2);
    expect(stepPreviewAt(round!, 0)).toBeUndefined();
  });

  it('shrinks large step previews, but not the current preview', () => {
    const [round] = afterEvents(job(), step(1, 1, picture(9, 1024))).rounds;
    expect(round?.stepPreviews[0]?.picture.width).toBe(STEP_PREVIEW_SIDE);
    expect(round?.preview?.width).toBe(1024);
  });

  it('uses the finished picture as the last step preview', () => {
    const drawn = afterEvents(job(), step(1, 3, picture(3)), step(1, 4, picture(4)), {
      type: 'picture',
      round: 1,
      picture: picture(5),
      drawMs: 900,
    });
    expect(drawn.rounds[0]?.stepPreviews).toEqual([
      { step: 3, picture: picture(3) },
      { step: 4, picture: picture(5) },
    ]);
  });

  it('ends with the result and ignores later events', () => {
    const result = {
      type: 'picture',
      round: 1,
      rounds: 1,
      notes: [],
      totalMs: 900,
    } as const;
    const done = afterEvents(job(), step(1, 4, picture(6)), finished(1, 7), { type: 'done', result });
    expect(finalPictureOf(done)).toEqual({ picture: picture(7), round: 1, complete: true });
    expect(afterEvents(done, step(1, 1), { type: 'cancelled' })).toBe(done);
  });

  it('keeps the unfinished picture when stopped', () => {
    const stopping = markStopping(afterEvents(job(), step(1, 2, picture(2))));
    expect(stopping.state).toMatchObject({ stopping: true });
    const stopped = afterEvents(stopping, { type: 'cancelled', partial: picture(3) });
    expect(finalPictureOf(stopped)).toEqual({ picture: picture(3), round: 1, complete: false });
    const without = afterEvents(stopping, { type: 'cancelled' });
    expect(finalPictureOf(without)?.picture).toEqual(picture(2));
    expect(finalPictureOf(afterEvents(job(), { type: 'cancelled' }))).toBeUndefined();
  });

  it('keeps the unfinished picture when it fails', () => {
    const error = {
      code: 'device',
      permanent: false,
      message: 'The GPU was lost.',
      action: 'Try again.',
    } as const;
    const failed = afterEvents(job(), step(1, 2, picture(2)), { type: 'failed', error });
    expect(failed.state).toEqual({ status: 'failed', error });
    expect(finalPictureOf(failed)).toEqual({ picture: picture(2), round: 1, complete: false });
  });
});

describe('rounds', () => {
  it('uses the critique as the instruction of the next round', () => {
    const second = afterEvents(job(3), step(1, 1), finished(1), report(1, 'fix'), {
      type: 'encoding-prompt',
      round: 2,
    });
    expect(second.rounds.map((round) => round.instruction)).toEqual(['a red house', 'Make the house red.']);
    expect(resultRound(second)).toBe(1);
  });

  it('shows the critique while it is written, then the outcome', () => {
    const drawn = afterEvents(job(3), step(1, 4), {
      type: 'picture',
      round: 1,
      picture: picture(1),
      drawMs: 500,
    });
    expect(drawn.state).toMatchObject({ activity: { phase: 'critiquing' } });
    const critiquing = afterEvents(drawn, { type: 'critiquing', round: 1, text: 'Make the' });
    expect(critiquing.rounds[0]?.critique).toBe('Make the');
    expect(critiquing.rounds[0]?.outcome).toBeUndefined();
    expect(afterEvents(critiquing, report(1, 'accept')).rounds[0]).toMatchObject({
      outcome: 'accept',
      critiqueMs: 200,
    });
  });

  it('prefers the complete picture of an earlier round to an unfinished one', () => {
    const stopped = afterEvents(job(3), finished(1), report(1, 'fix'), step(2, 2, picture(8)), {
      type: 'cancelled',
      partial: picture(8),
    });
    expect(finalPictureOf(stopped)).toEqual({ picture: picture(1), round: 1, complete: true });
  });
});

describe('step previews', () => {
  const counts = ({ rounds }: DrawJob) => rounds.map((round) => round.stepPreviews.length);
  const drawn = (id: string) =>
    afterEvents(
      job(3, id),
      step(1, 1, picture(1)),
      finished(1),
      report(1, 'fix'),
      step(2, 1, picture(2)),
      finished(2),
      { type: 'done', result: { type: 'picture', round: 2, rounds: 2, notes: [], totalMs: 9 } },
    );

  it('are kept for the result only; finished rounds have no current preview', () => {
    expect(counts(drawn('job-1'))).toEqual([0, 2]);
    expect(drawn('job-1').rounds.map((round) => round.preview)).toEqual([undefined, undefined]);
  });

  it('are evenly spaced and at most a hundred', () => {
    const steps = Array.from({ length: 1000 }, (_, i) => ({ ...step(1, i + 1, picture(1)), steps: 1000 }));
    const [round] = afterEvents(job(), ...steps).rounds;
    expect(round?.stepPreviews).toHaveLength(100);
    expect(round?.stepPreviews.slice(0, 2).map((preview) => preview.step)).toEqual([10, 20]);
  });

  it('are kept for running jobs and for the newest three ended jobs', () => {
    const running = afterEvents(job(1, 'job-0'), step(1, 1, picture(1)));
    const jobs = ['job-1', 'job-2', 'job-3', 'job-4'].map(drawn);
    const [first, ...others] = limitStepPreviews([running, ...jobs]);
    expect(first).toBe(running);
    expect(others.map(counts)).toEqual([
      [0, 0],
      [0, 2],
      [0, 2],
      [0, 2],
    ]);
    expect(others.map((each) => finalPictureOf(each)?.picture)).toEqual(jobs.map(() => picture(2)));
  });
});

describe('announcementFor', () => {
  const announced = (start: DrawJob, event: JobEvent) => announcementFor(start, applyDrawEvent(start, event));

  it('covers phases and quarters, but not every step', () => {
    const reading = afterEvents(job(), { type: 'encoding-prompt', round: 1 });
    expect(announced(reading, { type: 'denoising', round: 1, step: 0, steps: 40, elapsedMs: 0 })).toBe(
      'Drawing.',
    );
    const ninth = afterEvents(reading, { type: 'denoising', round: 1, step: 9, steps: 40, elapsedMs: 9 });
    expect(announced(ninth, { type: 'denoising', round: 1, step: 10, steps: 40, elapsedMs: 9 })).toBe(
      'Step 10 of 40.',
    );
    const tenth = afterEvents(ninth, { type: 'denoising', round: 1, step: 10, steps: 40, elapsedMs: 9 });
    expect(
      announced(tenth, { type: 'denoising', round: 1, step: 11, steps: 40, elapsedMs: 9 }),
    ).toBeUndefined();
  });

  it('covers a critique once it is complete, with the outcome', () => {
    const critiquing = afterEvents(job(3), step(1, 4), { type: 'critiquing', round: 1, text: 'Make' });
    expect(announced(critiquing, { type: 'critiquing', round: 1, text: 'Make the' })).toBeUndefined();
    expect(announced(critiquing, report(1, 'fix'))).toBe('Round 1: Make the house red. Fixing.');
  });

  it('gives the reason of an unclear critique', () => {
    const critiquing = afterEvents(job(3), step(1, 4), finished(1));
    expect(announced(critiquing, report(1, 'unclear'))).toBe(
      'Round 1: The check gave no clear answer, so this picture is kept. The critic said nothing about this picture. Stopped here.',
    );
  });

  it('covers the end', () => {
    const running = afterEvents(job(), step(1, 4));
    expect(announced(running, { type: 'cancelled' })).toBe('Stopped. The picture so far is kept.');
  });
});
