/** Text that describes a draw job: a status line for the page and announcements for screen readers. */

import type { ModelPart } from '../../protocol.ts';
import type { DrawJob, RoundView } from './draw-job.ts';
import { isOver } from './draw-job.ts';

/** Names of the parts of the model for people. */
const PART_NAMES: Readonly<Record<ModelPart, string>> = {
  tokenizer: 'tokenizer',
  mllm: 'language model',
  transformer: 'transformer',
  vae: 'picture decoder',
};

/** What the job is doing, without a full stop. */
export function statusText(job: DrawJob): string {
  switch (job.state.status) {
    case 'waiting':
      return 'Waiting';
    case 'done':
      return 'Done';
    case 'failed':
      return 'Failed';
    case 'stopped':
      return 'Stopped';
    case 'running':
      break;
    default:
      return job.state satisfies never;
  }
  const { activity, stopping } = job.state;
  if (stopping) return 'Stopping after this step';
  switch (activity.phase) {
    case 'starting':
      return 'Starting';
    case 'loading':
      return `Preparing the ${PART_NAMES[activity.part]}`;
    case 'encoding-prompt':
      return 'Reading the prompt';
    case 'encoding-reference':
      return `Reading image ${activity.index} of ${activity.count}`;
    case 'drawing':
      return 'Drawing';
    case 'decoding':
      return 'Finishing the picture';
    case 'critiquing':
      return 'Checking the picture';
    case 'interrupted':
      return 'Loading the model again';
    default:
      return activity satisfies never;
  }
}

/**
 * What a screen reader announces when `before` becomes `after`: new phases, each quarter of the steps,
 * critiques and the end. Single steps are not announced.
 */
export function announcementFor(before: DrawJob, after: DrawJob): string | undefined {
  const current = after.rounds.at(-1);
  if (isOver(after)) return isOver(before) ? undefined : endText(after);
  const earlier = before.rounds.find((round) => round.round === current?.round);
  if (current?.outcome && !earlier?.outcome) return roundText(after, current);
  const prefix = current && after.request.rounds > 1 ? `Round ${current.round}: ` : '';
  if (statusText(before) !== statusText(after)) return `${prefix}${statusText(after)}.`;
  if (current && quarter(current) > (earlier ? quarter(earlier) : 0)) {
    return `${prefix}Step ${current.step} of ${current.steps}.`;
  }
  return undefined;
}

function roundText(job: DrawJob, round: RoundView): string {
  const { title, why } = outcomeText(job, round);
  return `Round ${round.round}: ${round.outcome === 'unclear' ? why : round.critique} ${title}.`;
}

function endText(job: DrawJob): string {
  switch (job.state.status) {
    case 'done':
      return job.request.rounds > 1 ? `The picture is done. ${resultText(job)}` : 'The picture is done.';
    case 'stopped':
      return 'Stopped. The picture so far is kept.';
    case 'failed':
      return `${job.state.error.message} ${job.state.error.action}`;
    default:
      return '';
  }
}

/** The outcome of a round, or its current state while it has none. */
export function outcomeText(
  job: DrawJob,
  round: RoundView,
): { readonly title: string; readonly why: string } {
  switch (round.outcome) {
    case 'accept':
      return {
        title: 'Nothing to fix',
        why: 'The check found nothing wrong. It can miss things.',
      };
    case 'fix':
      return fixText(job, round.round + 1);
    case 'out_of_rounds':
      return {
        title: 'No rounds left',
        why: `This still needs fixing, but round ${job.request.rounds} was the last.`,
      };
    case 'repeated':
      return {
        title: 'Stopped here',
        why: 'The check said the same as in the round before, so another round would not help.',
      };
    case 'unclear':
      return {
        title: 'Stopped here',
        why: `The check gave no clear answer, so this picture is kept. ${round.critique}`,
      };
    case undefined:
      return {
        title: round.picture ? 'Checking' : 'Check comes next',
        why: 'The model checks the picture and says what is wrong.',
      };
    default:
      return round.outcome satisfies never;
  }
}

/** A critique that the next round follows, or would have followed. */
function fixText(job: DrawJob, next: number): { readonly title: string; readonly why: string } {
  if (!isOver(job)) return { title: 'Fixing', why: `Round ${next} makes this change.` };
  const drawn = job.rounds.some(({ round, picture }) => round === next && picture);
  // A person sees for themselves whether it worked.
  if (drawn) return { title: 'Tried to fix', why: `Round ${next} followed this critique.` };
  return { title: 'Not fixed', why: `The drawing ended before round ${next} was done.` };
}

/** Which round is the result, and why, if it is not the last one. */
export function resultText({ state, rounds }: DrawJob): string {
  if (state.status !== 'done') return '';
  const { round } = state.result;
  if (round === rounds.at(-1)?.round) return `Round ${round} is the result.`;
  return `Round ${round} is the result: no other round had fewer complaints.`;
}

function quarter(round: RoundView): number {
  return round.steps === 0 ? 0 : Math.floor((4 * round.step) / round.steps);
}
