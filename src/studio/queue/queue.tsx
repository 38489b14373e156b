import { useId, useState } from 'react';
import { modeOf, modeWords } from '../composer/references.ts';
import type { DrawJob } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { runningJob, showsRounds } from '../store/selectors.ts';
import { seedWords, sentence } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { BlobView } from '../ui/picture-view.tsx';
import './queue.css';

/** What is being made, and what waits for its turn. */
export function NowAndNext() {
  const running = useStudio(runningJob);
  const jobs = useStudio((state) => state.jobs);
  const queue = useStudio((state) => state.queue);
  const shown = useStudio((state) => state.shown);
  const waiting = queue.flatMap((id) => jobs.filter((job) => job.id === id && job.id !== shown));
  // The rounds on the table say themselves what is being made.
  const told = useStudio(showsRounds) && running?.id === shown;
  return (
    <>
      {running && !told && <Now job={running} />}
      {waiting.length > 0 && <Next jobs={waiting} />}
    </>
  );
}

function Now({ job }: { job: DrawJob }) {
  const shown = useStudio((state) => state.shown);
  const { show } = useActions();
  const { prompt, references, settings } = job.request;
  const { width, height } = job.size;
  return (
    <section className="now-making" aria-label="Now making">
      <div className="row between">
        <h2>Now</h2>
        {shown !== job.id && (
          <button type="button" className="btn quiet" onClick={() => show(job.id)}>
            <Icon name="eye" />
            <span>Look at it</span>
          </button>
        )}
      </div>
      <p className="words">“{prompt}”</p>
      <div className="now-facts">
        {references.length > 0 && (
          <ol className="mini-refs" aria-label="Pictures it is made from">
            {references.map((blob, index) => (
              // The references of a job never change, so their place names them.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above
              <li key={index}>
                <BlobView blob={blob} label={`image ${index + 1}`} />
                <b aria-hidden="true">{index + 1}</b>
              </li>
            ))}
          </ol>
        )}
        <p className="meta">
          {width} × {height}, {settings.steps} steps
          <br />
          seed <code>{seedWords(settings.seed)}</code>
        </p>
        <CopySeed seed={settings.seed} />
      </div>
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
      className="btn only quiet"
      aria-label={copied ? 'Seed copied' : 'Copy seed'}
      title="Copy seed"
      onClick={() => void copy()}
    >
      <Icon name={copied ? 'check' : 'copy'} />
    </button>
  );
}

function Next({ jobs }: { jobs: readonly DrawJob[] }) {
  const { takeOut } = useActions();
  const titleId = useId();
  return (
    <section className="next" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Next <span className="count">{jobs.length}</span>
      </h2>
      <ol>
        {jobs.map((job) => {
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
                <span className="words">{job.request.prompt}</span>
                <small>
                  {modeOf(job.request.references.length) === 'mix'
                    ? 'From pictures'
                    : sentence(modeWords(job.request.references.length))}
                  , {job.settingsName}
                </small>
              </p>
              <button
                type="button"
                className="btn only quiet"
                aria-label={`Take out of the queue: ${job.request.prompt}`}
                title="Take out of the queue"
                onClick={() => takeOut(job.id)}
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
