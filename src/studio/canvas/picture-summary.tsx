import { accelerationName } from '../composer/acceleration-setting.tsx';
import { modeOf } from '../composer/references.ts';
import { type DrawJob, isOver, keptOf } from '../jobs/draw-job.ts';
import { seconds, seedWords, sentence } from '../ui/format.ts';

/** How long a picture took and the settings it was made with, in a line. */
export function MadeWith({ job }: { job: DrawJob }) {
  const { steps, seed, acceleration } = job.request.settings;
  const kept = isOver(job) ? keptOf(job) : undefined;
  const { width, height } = kept?.picture ?? job.size;
  return (
    <p className="meta">
      {kept && `${madeWords(job)} `}
      {sentence(job.settingsName)}, {steps} steps
      {acceleration !== 'none' && ` with ${accelerationName(acceleration)}`}, {width} × {height}, seed{' '}
      <code>{seedWords(seed)}</code>
    </p>
  );
}

/** "Edited from image 1 in 5.2 s." */
function madeWords(job: DrawJob): string {
  const { state, request } = job;
  if (state.status !== 'done') {
    const kept = keptOf(job);
    const round = job.rounds.find((each) => each.round === kept?.round);
    return kept?.finished
      ? `Stopped; round ${kept.round} kept.`
      : `Stopped at step ${round?.step} of ${round?.steps}.`;
  }
  const time = seconds(state.result.totalMs);
  const rounds = state.result.rounds > 1 ? `, ${state.result.rounds} rounds` : '';
  switch (modeOf(request.references.length)) {
    case 'words':
      return `Drawn in ${time}${rounds}.`;
    case 'edit':
      return `Edited from image 1 in ${time}${rounds}.`;
    case 'mix':
      return `Drawn from ${request.references.length} pictures in ${time}${rounds}.`;
  }
}
