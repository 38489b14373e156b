import { useId, useMemo } from 'react';
import { keptOf } from '../jobs/draw-job.ts';
import { useActions, useStudio } from '../store/context.tsx';
import { finishedJobs } from '../store/selectors.ts';
import { PictureView } from '../ui/picture-view.tsx';
import './shelf.css';

/** The pictures of this visit, newest first; a click puts one back on the table. */
export function Shelf() {
  const jobs = useStudio((state) => state.jobs);
  const shown = useStudio((state) => state.shown);
  const { show } = useActions();
  const titleId = useId();
  const finished = useMemo(() => finishedJobs(jobs), [jobs]);
  if (finished.length < 2 && (finished.length === 0 || finished[0]?.id === shown)) return null;
  return (
    <section className="shelf" aria-labelledby={titleId}>
      <h2 id={titleId}>
        Shelf <small>made on this visit</small>
      </h2>
      <ul>
        {finished.map((job) => {
          const kept = keptOf(job);
          return kept ? (
            <li key={job.id}>
              <button
                type="button"
                className="thumb"
                aria-label={`Show: ${job.request.prompt}`}
                aria-pressed={job.id === shown}
                title={job.request.prompt}
                onClick={() => show(job.id)}
              >
                <PictureView picture={kept.picture} />
              </button>
            </li>
          ) : null;
        })}
      </ul>
    </section>
  );
}
