import { type CSSProperties, useEffect, useRef } from 'react';
import { PictureSummary } from '../canvas/picture-summary.tsx';
import { StepText } from '../canvas/progress.tsx';
import { StopButton } from '../canvas/stop-button.tsx';
import { type DrawJob, finalPictureOf, isOver, newRound, resultRound } from '../jobs/draw-job.ts';
import { resultText, statusText } from '../jobs/status-text.ts';
import { useStudio } from '../store/context.tsx';
import { ResultNotes } from '../ui/result-notes.tsx';
import { RoundCard } from './round-card.tsx';
import './rounds-view.css';

/** The rounds of a job as cards, in the order they are drawn, joined by a line. */
export function RoundsView({ job }: { job: DrawJob }) {
  const list = useRef<HTMLOListElement>(null);
  // The first card is there from the start, while the model still loads.
  const rounds = job.rounds.length > 0 ? job.rounds : [newRound(job, 1)];
  const count = rounds.length;
  // Scrolls a new round into view where the list scrolls sideways.
  useEffect(() => {
    const newest = list.current?.children[count - 1];
    if (newest instanceof HTMLElement) list.current?.scrollTo({ left: newest.offsetLeft });
  }, [count]);
  const columns = isOver(job) ? count : job.request.rounds;
  const upcoming = Array.from({ length: columns - count }, (_, index) => count + index + 1);
  return (
    <div className="rounds-view">
      <RoundsHeader job={job} />
      <ol
        ref={list}
        className={columns === 1 ? 'round-list single' : 'round-list'}
        aria-label="Rounds, in the order they were drawn"
        style={{ '--columns': Math.max(columns, 1) } as CSSProperties}
      >
        {rounds.map((round) => (
          <RoundCard key={round.round} job={job} round={round} newest={round.round === count} />
        ))}
        {upcoming.map((round) => (
          <li key={round} className="round upcoming" aria-hidden="true">
            <div className="round-number">{round}</div>
            <p>Round {round}, if the check finds something to fix</p>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The prompt, the status of the job and the stop button. */
function RoundsHeader({ job }: { job: DrawJob }) {
  const running = job.state.status === 'running';
  return (
    <div className="rounds-header">
      <div>
        <h2>You asked for</h2>
        <p className={job.request.prompt.length > 160 ? 'rounds-prompt long' : 'rounds-prompt'}>
          {job.request.prompt}
        </p>
        <p className="rounds-status">
          {running && <span className="pulse" aria-hidden="true" />}
          <span>
            <StateText job={job} />
          </span>
        </p>
        <PictureSummary job={job} />
        {job.state.status === 'done' && <ResultNotes notes={job.state.result.notes} />}
      </div>
      <StopButton job={job} />
    </div>
  );
}

function StateText({ job }: { job: DrawJob }) {
  const model = useStudio((state) => state.model.status);
  const current = job.rounds.at(-1);
  const result = resultRound(job);
  switch (job.state.status) {
    case 'done':
      return <b>{resultText(job)}</b>;
    case 'running':
      return (
        <>
          <b>
            Round {current?.round ?? 1}: {statusText(job).toLowerCase()}.
          </b>{' '}
          {current && current.step > 0 && !current.picture && !job.state.stopping && (
            <>
              <StepText job={job} round={current} />.{' '}
            </>
          )}
          {result !== undefined && result !== current?.round && `Round ${result} is kept if you stop.`}
        </>
      );
    case 'stopped':
      // The summary of a picture says that it was stopped.
      return finalPictureOf(job) === undefined && <b>Stopped.</b>;
    case 'failed':
      return <b>The drawing failed.</b>;
    case 'waiting':
      return <b>{model === 'ready' ? 'Waiting in the queue.' : 'Waiting for the model.'}</b>;
    default:
      return job.state satisfies never;
  }
}
