import { useId } from 'react';
import type { DrawJob, RoundView } from '../jobs/draw-job.ts';
import { statusText } from '../jobs/status-text.ts';
import { useStudio } from '../store/context.tsx';
import { formatTimeLeft } from '../ui/format.ts';
import { StopButton } from './stop-button.tsx';

/** The current step of a running job, with the button that stops it. */
export function Progress({ job, round }: { job: DrawJob; round: RoundView | undefined }) {
  const labelId = useId();
  return (
    <fieldset className="progress">
      <legend className="visually-hidden">Progress</legend>
      <div className="row between">
        <p className="step" id={labelId}>
          <StepText job={job} round={round} />
        </p>
        <StopButton job={job} />
      </div>
      {round && round.steps > 0 && (
        <progress
          className="visually-hidden"
          aria-labelledby={labelId}
          max={round.steps}
          value={round.step}
        />
      )}
    </fieldset>
  );
}

/** "Step 7 of 20 · about 9 s left" while drawing, otherwise the job's status. */
export function StepText({ job, round }: { job: DrawJob; round: RoundView | undefined }) {
  const { state } = job;
  const otherTabDraws = useStudio((studio) => studio.otherTabDraws);
  if (state.status === 'waiting' && otherTabDraws) return <>Waiting: another tab draws</>;
  const drawing = state.status === 'running' && !state.stopping && state.activity.phase === 'drawing';
  if (!drawing || !round) return <>{statusText(job)}</>;
  return (
    <>
      <b>Step {round.step}</b> of {round.steps}
      {round.remainingMs !== undefined && (
        <>
          <span className="separator">·</span>about <b>{formatTimeLeft(round.remainingMs)}</b> left
        </>
      )}
    </>
  );
}
