import { describe, expect, it } from 'vitest';
import { settingsFor } from '../../omnigen2/fixtures.node.ts';
import type { JobEvent, JobId, RoundOutcome } from '../../protocol.ts';
import { applyDrawEvent, type DrawJob, newDrawJob } from './draw-job.ts';
import { outcomeText, resultText } from './status-text.ts';

const size = { width: 16, height: 16 };
const picture = { ...size, data: new Uint8ClampedArray(4 * 16 * 16) };

/** The events of one round. */
function round(number: number, outcome: RoundOutcome, critique: string): JobEvent[] {
  const times = { drawMs: 500, critiqueMs: 200 };
  const report = { round: number, instruction: 'a red house', critique, outcome, ...times };
  return [
    { type: 'picture', round: number, picture, drawMs: 500 },
    { type: 'round', report },
  ];
}

function done(result: number, rounds: number): JobEvent {
  return { type: 'done', result: { type: 'picture', round: result, rounds, notes: [], totalMs: 1 } };
}

function jobAfter(...events: readonly JobEvent[]): DrawJob {
  const settings = { ...settingsFor(size), steps: 4, seed: 1, textGuidance: 4, imageGuidance: 2 };
  const request = { prompt: 'a red house', references: [], rounds: 3, settings };
  return events.reduce(applyDrawEvent, newDrawJob('job-1' as JobId, request, size, 'balanced'));
}

const why = (job: DrawJob, index: number) => {
  const { title, why } = outcomeText(job, job.rounds[index]);
  return `${title}. ${why}`;
};

describe('outcomeText', () => {
  it('says what became of a fix while the drawing runs, after it, and if it was stopped', () => {
    const first = round(1, 'fix', 'Make it red.');
    expect(why(jobAfter(...first), 0)).toBe('Fixing. Round 2 makes this change.');
    const finished = jobAfter(...first, ...round(2, 'accept', 'Yes.'), done(2, 2));
    expect(why(finished, 0)).toBe('Tried to fix. Round 2 followed this critique.');
    const stopped = jobAfter(...first, { type: 'cancelled' });
    expect(why(stopped, 0)).toBe('Not fixed. The drawing ended before round 2 was done.');
  });

  it('gives the reason of an unclear critique', () => {
    const reason = 'The critic said nothing about this picture.';
    expect(why(jobAfter(...round(1, 'unclear', reason), done(1, 1)), 0)).toBe(
      `Stopped here. The check gave no clear answer, so this picture is kept. ${reason}`,
    );
  });

  it('says that the critic repeated itself, or that no round was left', () => {
    const first = round(1, 'fix', 'Make it red.');
    expect(why(jobAfter(...first, ...round(2, 'repeated', 'Make it red.'), done(1, 2)), 1)).toBe(
      'Stopped here. The check said the same as in the round before, so another round would not help.',
    );
    expect(why(jobAfter(...first, ...round(2, 'out_of_rounds', 'Add a cat.'), done(1, 2)), 1)).toBe(
      'No rounds left. This still needs fixing, but round 3 was the last.',
    );
  });
});

describe('resultText', () => {
  it('says why an earlier round is the result', () => {
    const rounds = [...round(1, 'fix', 'Make it red.'), ...round(2, 'out_of_rounds', 'Add a cat.')];
    expect(resultText(jobAfter(...rounds, done(1, 2)))).toBe(
      'Round 1 is the result: no other round had fewer complaints.',
    );
    expect(resultText(jobAfter(...rounds, done(2, 2)))).toBe('Round 2 is the result.');
  });
});
