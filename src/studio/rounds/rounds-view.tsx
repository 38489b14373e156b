import { type CSSProperties, useEffect, useRef } from 'react';
import { StepWords, StopButton } from '../canvas/job-picture.tsx';
import { MadeWith } from '../canvas/picture-summary.tsx';
import { beginRound, type DrawJob, isOver, resultRound } from '../jobs/draw-job.ts';
import { doingWords, outcomeWords } from '../jobs/status-text.ts';
import { useStudio } from '../store/context.tsx';
import { ResultNotes } from '../ui/result-notes.tsx';
import { RoundCard } from './round-card.tsx';
import './rounds-view.css';

/** The rounds of a job as cards on a line, in the order they were drawn; they appear as they happen. */
export function Timeline({ job }: { job: DrawJob }) {
  const line = useRef<HTMLOListElement>(null);
  // The first card lies there from the start, while the model is still being opened.
  const rounds = job.rounds.length > 0 ? job.rounds : [beginRound(job, 1)];
  const count = rounds.length;
  // A new round comes into view by itself where the line scrolls sideways.
  useEffect(() => {
    const cards = line.current?.children;
    const newest = cards?.[count - 1];
    if (!line.current || !newest) return;
    line.current.scrollTo({ left: (newest as HTMLElement).offsetLeft });
  }, [count]);
  const over = isOver(job);
  const places = over ? count : job.request.rounds;
  const open = Array.from({ length: places - count }, (_, index) => count + index + 1);
  return (
    <div className="rounds">
      <Asked job={job} />
      <ol
        ref={line}
        className={places === 1 ? 'line single' : 'line'}
        aria-label="Rounds, in the order they were drawn"
        style={{ '--places': Math.max(places, 1) } as CSSProperties}
      >
        {rounds.map((round) => (
          <RoundCard key={round.round} job={job} round={round} newest={round.round === count} />
        ))}
        {open.map((round) => (
          <li key={round} className="round ahead" aria-hidden="true">
            <div className="peg">{round}</div>
            <p>Round {round}, if it finds something to mend</p>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The request in large, what is happening now, and the way to stop it. */
function Asked({ job }: { job: DrawJob }) {
  const running = job.state.status === 'running';
  return (
    <div className="asked">
      <div>
        <h2 className="over">You asked for</h2>
        <p className={job.request.prompt.length > 160 ? 'ask long' : 'ask'}>{job.request.prompt}</p>
        <p className="state">
          {running && <span className="pulse" aria-hidden="true" />}
          <span>
            <StateWords job={job} />
          </span>
        </p>
        <MadeWith job={job} />
        {job.state.status === 'done' && <ResultNotes notes={job.state.result.notes} />}
      </div>
      <StopButton job={job} />
    </div>
  );
}

function StateWords({ job }: { job: DrawJob }) {
  const model = useStudio((state) => state.model.status);
  const current = job.rounds.at(-1);
  const result = resultRound(job);
  switch (job.state.status) {
    case 'done': {
      const why = current?.outcome ? outcomeWords(job, current).why : '';
      return (
        <>
          <b>Round {result} is the result.</b> {why}
        </>
      );
    }
    case 'running':
      return (
        <>
          <b>
            Round {current?.round ?? 1}: {doingWords(job).toLowerCase()}.
          </b>{' '}
          {current && current.step > 0 && !current.picture && !job.state.stopping && (
            <>
              <StepWords job={job} round={current} />.{' '}
            </>
          )}
          {result !== undefined && result !== current?.round && `Round ${result} is kept if you stop.`}
        </>
      );
    case 'stopped':
      return <b>{result === undefined ? 'Stopped.' : `Stopped; round ${result} is kept.`}</b>;
    case 'failed':
      return <b>It did not get to the end.</b>;
    case 'waiting':
      return <b>Waiting for {model === 'ready' ? 'its turn' : 'the model'}.</b>;
    default:
      return job.state satisfies never;
  }
}
