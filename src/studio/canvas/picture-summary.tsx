import { grouped } from '../../settings/value-words.ts';
import { accelerationName } from '../composer/acceleration-setting.tsx';
import { modeOf } from '../composer/references.ts';
import { type DrawJob, finalPictureOf } from '../jobs/draw-job.ts';
import { capitalize, formatSeconds } from '../ui/format.ts';

/** One line: how long the drawing took and its settings. */
export function PictureSummary({ job }: { job: DrawJob }) {
  const { steps, seed, acceleration } = job.request.settings;
  const final = finalPictureOf(job);
  const { width, height } = final?.picture ?? job.size;
  return (
    <p className="meta">
      {final && `${durationText(job)} `}
      {capitalize(job.settingsName)}, {steps} steps
      {acceleration !== 'none' && ` with ${accelerationName(acceleration)}`}, {width} × {height}, seed{' '}
      <code>{grouped(seed)}</code>
    </p>
  );
}

/** "Edited image 1 in 5.2 s." */
function durationText(job: DrawJob): string {
  const { state, request } = job;
  if (state.status !== 'done') {
    const final = finalPictureOf(job);
    const round = job.rounds.find((each) => each.round === final?.round);
    return final?.complete
      ? `Stopped. Round ${final.round} is kept.`
      : `Stopped at step ${round?.step} of ${round?.steps}.`;
  }
  const time = formatSeconds(state.result.totalMs);
  const rounds = state.result.rounds > 1 ? `, ${state.result.rounds} rounds` : '';
  switch (modeOf(request.references.length)) {
    case 'words':
      return `Drawn in ${time}${rounds}.`;
    case 'edit':
      return `Edited image 1 in ${time}${rounds}.`;
    case 'mix':
      return `Drawn from ${request.references.length} pictures in ${time}${rounds}.`;
  }
}
