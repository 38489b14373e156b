/** What the page says aloud, and shows in a line, while a job runs. */

import type { DrawJob, RoundView } from './draw-job.ts';
import { isOver } from './draw-job.ts';

/** What the job is at, in a few words without a full stop. */
export function doingWords(job: DrawJob): string {
  switch (job.state.status) {
    case 'waiting':
      return 'Waiting';
    case 'done':
      return 'Done';
    case 'failed':
      return 'Not drawn';
    case 'stopped':
      return 'Stopped';
    case 'running':
      break;
    default:
      return job.state satisfies never;
  }
  const { doing, stopping } = job.state;
  if (stopping) return 'Stopping after this step';
  switch (doing.phase) {
    case 'starting':
      return 'Starting';
    case 'preparing':
      return `Opening the model: ${doing.part === 'vae' ? 'picture decoder' : doing.part}`;
    case 'reading':
      return 'Reading the words';
    case 'encoding':
      return `Looking at image ${doing.index} of ${doing.count}`;
    case 'drawing':
      return 'Drawing';
    case 'finishing':
      return 'Finishing the picture';
    case 'looking':
      return 'Looking at the picture';
    default:
      return doing satisfies never;
  }
}

/**
 * What a screen reader is told when `before` became `after`: changes of phase, quarters of a drawing, critiques and
 * endings, but not each step.
 */
export function announcement(before: DrawJob, after: DrawJob): string | undefined {
  const current = after.rounds.at(-1);
  if (isOver(after)) return isOver(before) ? undefined : endWords(after);
  const earlier = before.rounds.find((round) => round.round === current?.round);
  if (current?.outcome && !earlier?.outcome) return roundWords(after, current);
  const prefix = current && after.request.rounds > 1 ? `Round ${current.round}: ` : '';
  if (doingWords(before) !== doingWords(after)) return `${prefix}${doingWords(after)}.`;
  if (current && quarter(current) > (earlier ? quarter(earlier) : 0)) {
    return `${prefix}Step ${current.step} of ${current.steps}.`;
  }
  return undefined;
}

function roundWords(job: DrawJob, round: RoundView): string {
  const { title, why } = outcomeWords(job, round);
  return `Round ${round.round}: ${round.outcome === 'unclear' ? why : round.critique} ${title}.`;
}

function endWords(job: DrawJob): string {
  switch (job.state.status) {
    case 'done':
      return job.request.rounds > 1
        ? `The picture is done; round ${job.state.result.round} is the result.`
        : 'The picture is done.';
    case 'stopped':
      return 'Stopped. What was drawn is kept.';
    case 'failed':
      return `${job.state.error.message} ${job.state.error.action}`;
    default:
      return '';
  }
}

/** A outcome of the critic as the page says it. */
export function outcomeWords(
  job: DrawJob,
  round: RoundView,
): { readonly title: string; readonly why: string } {
  switch (round.outcome) {
    case 'accept':
      return {
        title: 'Nothing to mend',
        why: 'It noticed nothing wrong, so it stops here. It can be mistaken.',
      };
    case 'fix':
      return {
        title: 'Goes on mending',
        why: `What it said becomes the instruction of round ${round.round + 1}.`,
      };
    case 'out_of_rounds':
      return {
        title: 'Out of rounds',
        why: `It would mend this too, but round ${job.request.rounds} was the last.${keptWords(job, round)}`,
      };
    case 'repeated':
      return {
        title: 'Stops here',
        why: `It says the same as in the round before: mending once more would not help.${keptWords(job, round)}`,
      };
    case 'unclear':
      return {
        title: 'Stops here',
        why: 'It did not say whether the picture is right, so this one is kept.',
      };
    case undefined:
      return {
        title: round.picture ? 'Now it looks' : 'Then it looks',
        why: 'It checks the picture and says what is wrong.',
      };
    default:
      return round.outcome satisfies never;
  }
}

/** Which round is kept instead of the last, with a blank before it. */
function keptWords({ state }: DrawJob, { round }: RoundView): string {
  if (state.status !== 'done' || state.result.round === round) return '';
  return ` Round ${state.result.round} is kept: of that it said least.`;
}

function quarter(round: RoundView): number {
  return round.steps === 0 ? 0 : Math.floor((4 * round.step) / round.steps);
}
