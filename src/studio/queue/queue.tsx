import { useId, useRef, useState } from 'react';
import { grouped } from '../../settings/value-words.ts';
import { StepText } from '../canvas/progress.tsx';
import { StopButton } from '../canvas/stop-button.tsx';
import { modeOf, modeText } from '../composer/references.ts';
import type { DrawJob } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { runningJob, showsRounds } from '../store/selectors.ts';
import { capitalize } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import { useFocusOnLeave } from '../ui/use-focus-on-leave.ts';
import './queue.css';

/** The running job and the waiting jobs. */
export function Queue() {
  const running = useStudio(runningJob);
  const jobs = useStudio((state) => state.jobs);
  const queue = useStudio((state) => state.queue);
  const shown = useStudio((state) => state.shown);
  const waiting = queue.flatMap((id) => jobs.filter((job) => job.id === id && job.id !== shown));
  // The rounds view already names the running job.
  const inRoundsView = useStudio(showsRounds) && running?.id === shown;
  const measures = useStudio(({ measurement, running: id }) => id !== undefined && measurement?.id === id);
  return (
    <>
      {running && !inRoundsView && <RunningJob job={running} />}
      {measures && <RunningMeasurement />}
      {waiting.length > 0 && <WaitingJobs jobs={waiting} />}
    </>
  );
}

function RunningJob({ job }: { job: DrawJob }) {
  const shown = useStudio((state) => state.shown);
  const { show } = useActions();
  const { prompt, references, settings } = job.request;
  const { width, height } = job.size;
  // The references of a job never change, so the number identifies them.
  const numbered = references.map((blob, index) => ({ blob, number: index + 1 }));
  return (
    <section className="running-job" aria-label="Drawing now">
      <div className="row between">
        <h2>Now</h2>
        {shown !== job.id && <ShowButton onClick={() => show(job.id)} />}
      </div>
      <p className="prose">“{prompt}”</p>
      {shown !== job.id && (
        <div className="row between">
          <p>
            <StepText job={job} round={job.rounds.at(-1)} />
          </p>
          <StopButton job={job} />
        </div>
      )}
      <div className="running-job-facts">
        {numbered.length > 0 && (
          <ol className="small-references" aria-label="References">
            {numbered.map(({ blob, number }) => (
              <li key={number}>
                <BlobView blob={blob} label={`image ${number}`} />
                <b aria-hidden="true">{number}</b>
              </li>
            ))}
          </ol>
        )}
        <p className="meta">
          {width} × {height}, {settings.steps} steps
          <br />
          seed <code>{grouped(settings.seed)}</code>
        </p>
        <CopySeed seed={settings.seed} />
      </div>
    </section>
  );
}

function ShowButton({ onClick }: { onClick: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useFocusOnLeave(button);
  return (
    <button ref={button} type="button" className="btn quiet" onClick={onClick}>
      <Icon name="eye" />
      <span>Show</span>
    </button>
  );
}

function RunningMeasurement() {
  return (
    <section className="running-job" aria-label="Measuring now">
      <div className="row between">
        <h2>Now</h2>
        <a className="btn quiet" href="#/models">
          <Icon name="eye" />
          <span>Show</span>
        </a>
      </div>
      <p>This machine is being measured.</p>
    </section>
  );
}

function CopySeed({ seed }: { seed: number }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(String(seed)).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <button
      type="button"
      className="btn icon-only quiet"
      aria-label={copied ? 'Seed copied' : 'Copy seed'}
      title="Copy seed"
      onClick={() => void copy()}
    >
      <Icon name={copied ? 'check' : 'copy'} />
    </button>
  );
}

function WaitingJobs({ jobs }: { jobs: readonly DrawJob[] }) {
  const { removeFromQueue } = useActions();
  const titleId = useId();
  const section = useRef<HTMLElement>(null);
  const list = useRef<HTMLOListElement>(null);
  useFocusOnLeave(section);
  const remove = (job: DrawJob, index: number) => {
    const buttons = list.current?.querySelectorAll<HTMLElement>('li > button');
    (buttons?.[index + 1] ?? buttons?.[index - 1])?.focus();
    removeFromQueue(job.id);
  };
  return (
    <section ref={section} className="waiting-jobs" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Next <span className="count">{jobs.length}</span>
      </h2>
      <ol ref={list}>
        {jobs.map((job, index) => {
          const first = job.request.references[0];
          return (
            <li key={job.id}>
              {first ? (
                <BlobView blob={first} label="image 1" />
              ) : (
                <span className="no-picture">
                  <Icon name="words" />
                </span>
              )}
              <p>
                <span className="prose">{job.request.prompt}</span>
                <small>
                  {modeOf(job.request.references.length) === 'mix'
                    ? 'From pictures'
                    : capitalize(modeText(job.request.references.length))}
                  , {job.settingsName}
                </small>
              </p>
              <button
                type="button"
                className="btn icon-only quiet"
                aria-label={`Remove from the queue: ${job.request.prompt}`}
                title="Remove from the queue"
                onClick={() => remove(job, index)}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
